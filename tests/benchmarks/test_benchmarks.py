"""The benchmarks run, write the documented results, and compare equivalent computations."""

import importlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from scenes import scene, write_scene

ROOT = Path(__file__).parents[2]

Results = Callable[..., dict]


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Results:
    """Returns a function that runs ``benchmarks/<name>.py`` in this process and reads its JSON file."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))

    def run(name: str, *options: str) -> dict:
        path = tmp_path / "out.json"
        monkeypatch.setattr(sys, "argv", [name, "--json", str(path), *options])
        importlib.import_module(name).main()
        assert capsys.readouterr().out.startswith("|")
        return json.loads(path.read_text())

    return run


def test_train_step(results: Results) -> None:
    sizes = ["--small", "--lr", "16", "--repeats", "1", "--matrix", "64", "--threads", "1"]
    found = results("train_step", *sizes)
    assert found["ratio_default"] > 0
    assert found["ratio_float32"] > 0
    assert found["utilisation"] > 0
    for case in found["cases"].values():  # our step saves a forward and half a backward pass of the SR network
        assert case["operations"] < case["operations_reference"]


def test_the_profile_of_a_step(results: Results) -> None:
    found = results("train_step", "--profile", "--small", "--lr", "16", "--batch", "1", "--threads", "1")
    for case in found["cases"].values():
        assert case["milliseconds"]["convolutions"] > 0
        assert case["operations"] > 500
        assert case["launches"] == 0  # on a CPU


def test_scaling(results: Results) -> None:
    found = results("scaling", "--small", "--step", "0.1", "--bandwidth", "0.001", "1")
    slow, fast = found["efficiency"].values()
    for number in ("2", "64"):
        sent = 2 * (int(number) - 1) / int(number) * found["bytes"]
        assert slow[number] == pytest.approx(0.1 / (0.1 + sent / 1e6))
        assert slow[number] < fast[number] < 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compile_time(results: Results) -> None:
    sizes = ["--channels", "4", "--blocks", "2", "--side", "16", "--batch", "1", "--repeats", "1"]
    found = results("compile_time", *sizes)
    assert found["as a whole"]["first"] > found["not compiled"]["first"] > 0
    assert found["as a whole, from the cache on disk"]["first"] < found["as a whole"]["first"]


def test_image_operations(results: Results) -> None:
    found = results("image_operations", "--channels", "8", "--side", "6", "--repeats", "1")
    assert set(found["instance norm, bfloat16, channels_last"]) == {"torch", "as networks on CPUs", "own"}
    assert set(found["norm, ReLU, reflection, float32, contiguous"]) >= {"as networks on CPUs", "one function"}


@pytest.mark.parametrize("format", [torch.contiguous_format, torch.channels_last])
def test_the_fused_block_of_the_benchmark_equals_the_three_operations(format, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    ways = importlib.import_module("image_operations").OPERATIONS["norm, ReLU, reflection"]
    image = torch.randn(2, 3, 5, 6).contiguous(memory_format=format).requires_grad_()
    weights = torch.randn(2, 3, 7, 8)
    found, expected = (ways[name](image) for name in ("one function", "torch"))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    gradients = (torch.autograd.grad((out * weights).sum(), image)[0] for out in (found, expected))
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-5)
    double = image.detach().double().requires_grad_()
    assert torch.autograd.gradcheck(ways["one function"], double)


def test_batch_sizes(results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = ["--small", "--device", "cpu", "--batches", "1", "2", "--crops", "8", "9", "--seconds", "0"]
    cells = results("batch_sizes", "own_images/blur_noise", *sizes)["cells"]
    assert [(cell["batch"], cell["crop"]) for cell in cells] == [(1, 8), (1, 9), (2, 8), (2, 9)]
    assert all(cell["images_per_second"] > 0 and cell["peak_gib"] is None for cell in cells)


def test_batch_sizes_of_a_measured_camera_without_enough_memory(results: Results, tmp_path: Path, monkeypatch) -> None:
    bench = importlib.import_module("batch_sizes")
    write_scene(tmp_path / "images" / "0.png", scene(0))
    batch = dict(hr=(4 * (8 + 2 * 9),) * 2, real=(8, 8))
    given = []

    def take(model, images, optimizers) -> dict:
        given.append({name: tuple(image.shape[2:]) for name, image in images.items()})
        if len(given) > 4:
            raise MemoryError
        return real_step(model, images, optimizers)

    real_step = bench.train_step
    monkeypatch.setattr(bench, "train_step", take)
    options = ["own_images/camera", "--real", str(tmp_path / "images"), "--batches", "1", "--crops", "8"]
    (cell,) = results("batch_sizes", *options, "--small", "--device", "cpu")["cells"]
    assert given == [batch] * 5
    assert cell["images_per_second"] is None


def test_dataloader(results: Results) -> None:
    sizes = ["--images", "2", "--height", "96", "--width", "96", "--crop", "12", "--batch", "2"]
    found = results("dataloader", *sizes, "--seconds", "0.05", "--step-seconds", "1")
    assert found["ratio"] == pytest.approx(found["ours"] / found["reference"])
    assert found["ratio_floats"] == pytest.approx(found["ours_floats"] / found["reference"])
    assert found["share_of_step"] == pytest.approx(2 / found["ours"])


def test_shift_search(results: Results) -> None:
    found = results("shift_search", "--size", "24", "--reach", "5", "--repeats", "1", "--threads", "1")
    assert found["ratio"] == pytest.approx(found["seconds_brute_force"] / found["seconds_fft"])
    assert found["max_error_db"] < 1e-6
    assert found["same_best_shift"]


def test_large_folder(results: Results) -> None:
    found = results("large_folder", "--images", "1100", "--workers", "1", "--items", "3")
    assert (found["small"]["images"], found["large"]["images"]) == (1000, 1100)
    assert found["large"]["lookups_before_first_item"] == found["small"]["lookups_before_first_item"] < 100
    assert found["large"]["own_mib_at_end"] > 0


def test_startup(results: Results) -> None:
    cases = results("startup", "--repeats", "1")["cases"]
    assert {case["limit"] for case in cases.values()} == {None, 0.3, 0.8}
    assert "cyclesr train --help" in cases
    assert all(0 < case["median"] <= case["slowest"] for case in cases.values())


@pytest.mark.slow
def test_infer(results: Results) -> None:
    sizes = ["--small", "--height", "136", "--width", "80", "--tile", "48", "--threads", "1"]
    found = results("infer", *sizes, "--networks", "SRResNet", "RRDBNet")
    for network, ways in found.items():
        for way in ("whole", "tiled", "batched", *(["spandrel"] if network != "SRResNet" else [])):
            pixels = ways[way]["megapixels_per_second"] * ways[way]["seconds"]
            assert pixels == pytest.approx(136 * 80 * 16 / 1e6)
        bare = ways["bare tile"]
        assert bare["megapixels_per_second"] * bare["seconds"] == pytest.approx(112**2 * 16e-6)
        assert ways["tiled"]["computed"] == ways["batched"]["computed"] == pytest.approx(2 * 100 / 136)
        assert ways["tiled"]["share"] == ways["tiled"]["megapixels_per_second"] / bare["megapixels_per_second"]


def test_endurance(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYCLESR_CACHE", "")  # which it sets, restored afterwards
    found = results("endurance", "--iterations", "12", "--interval", "2")
    assert [record["iteration"] for record in found["records"]] == [2, 4, 6, 8, 10, 12]
    last = found["records"][-1]
    assert last["open_files"] > 10
    assert last["memory_mib"] > 100
    assert last["checkpoints_mib"] > 0
    assert found["growth"].keys() == last.keys() - {"iteration", "seconds"}


@pytest.mark.slow
def test_a_training_killed_at_random_moments_equals_an_undisturbed_one(results: Results) -> None:
    found = results("killed", "--kills", "3")
    assert (found["kills"], found["exit_code"], found["differences"], found["left"]) == (3, 0, [], [])


@pytest.mark.parametrize("case", ["CycleGAN + VDSR", "UNIT + SRResNet"])
def test_the_plain_step_trains_discriminators_and_sr_network_as_ours_does(case, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    bench = importlib.import_module("train_step")
    device = torch.device("cpu")
    batch = bench.random_batch(16, 2, device)
    ours, plain = (bench.build(case, True, False, device) for _ in range(2))
    for model in (ours, plain):
        model.translator.latent_noise = False
    optimizers = bench.optimizers_of(ours, "none")
    ours.train_step(batch, optimizers)
    monkeypatch.setattr(torch, "randn_like", torch.zeros_like)  # UNIT's latent noise
    bench.ReferenceStep(plain)(batch["hr"], batch["real"])
    parts = ["sr", "translator.discriminators"] if case.startswith("CycleGAN") else ["sr"]
    for part in parts:
        pairs = zip(ours.get_submodule(part).parameters(), plain.get_submodule(part).parameters(), strict=True)
        for one, other in pairs:
            if one.ndim > 1:  # the gradient of a bias before a norm is only rounding error, which Adam amplifies
                torch.testing.assert_close(one, other, rtol=0, atol=2e-6)
