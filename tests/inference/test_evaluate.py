"""Evaluation on tiny folders: every source of images and every results file."""

import csv
import hashlib
import json
import math
import shutil
import warnings
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from lpips import LPIPS
from torch import Tensor, nn

from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.images.reading import read_image
from cyclesr.images.writing import write_image
from cyclesr.inference import evaluate
from cyclesr.inference.evaluate import Settings, evaluate_config, evaluate_folder
from cyclesr.inference.evaluation_report import check_place, markdown, strict_json, write_results
from cyclesr.metrics import columns
from cyclesr.metrics.lpips import Lpips
from cyclesr.metrics.psnr import psnr
from cyclesr.registry import SR_BACKBONES

NAMES = ("0801", "0802", "0803")
CPU = Settings(device="cpu")


@SR_BACKBONES.register_module()
class NearestForEvaluateTests(nn.Module):
    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, lr: Tensor) -> Tensor:
        return lr.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3)


@pytest.fixture
def data(tmp_path) -> Path:
    generator = np.random.default_rng(0)
    for name in NAMES:
        write_image(tmp_path / "hr" / f"{name}.png", generator.integers(0, 256, (36, 40, 3), dtype=np.uint8))
        write_image(tmp_path / "lr" / f"{name}x2m.png", generator.integers(0, 256, (18, 20, 3), dtype=np.uint8))
    config = f"""
_dataset = dict(type="PairedDataset", lr={str(tmp_path / "lr")!r}, hr={str(tmp_path / "hr")!r}, scale=2, cache=None)
test_dataloader = dict(dataset=_dataset, sampler=dict(type="DefaultSampler", shuffle=False))
test_evaluator = [dict(type="SRQuality", protocol="ntire17")]
"""
    (tmp_path / "config.py").write_text(config)
    return tmp_path


def checkpoint(folder: Path, scale: int = 2) -> str:
    entry = dict(config=dict(type="NearestForEvaluateTests", scale=scale), scale=scale, state_dict={})
    torch.save(dict(sr_network=entry), folder / "net.pth")
    return str(folder / "net.pth")


def nearest(folder: Path, name: str) -> np.ndarray:
    return read_image(folder / "lr" / f"{name}x2m.png").repeat(2, 0).repeat(2, 1)


def test_checkpoint_under_the_configs_protocol(data):
    results = evaluate_config(str(data / "config.py"), checkpoint(data), CPU)
    expected = [psnr(nearest(data, name), read_image(data / "hr" / f"{name}.png"), border=8) for name in NAMES]
    assert results.protocol.name == "ntire17"
    assert [scores["psnr"] for scores in results.per_image.values()] == pytest.approx(expected, abs=1e-9)
    assert results.means["psnr"] == pytest.approx(np.mean(expected), abs=1e-9)
    assert len(results.provenance["sha256"]) == 64


def test_the_command_line_overrides_the_protocol_and_saves_images(data):
    settings = Settings(protocol="plain", device="cpu", save_images=str(data / "sr"))
    results = evaluate_config(str(data / "config.py"), checkpoint(data), settings)
    assert results.protocol.name == "plain"
    for name in NAMES:
        assert np.array_equal(read_image(data / "sr" / f"{name}x2m.png"), nearest(data, name))
    again = evaluate_folder(str(data / "sr"), str(data / "hr"), Settings(), scale=2)
    for folder in ("lr", "hr"):
        with pytest.raises(UserError, match="--save-images"):
            evaluate_config(str(data / "config.py"), "bicubic", Settings(save_images=str(data / folder)))
    with pytest.raises(UserError, match="--save-images"):
        evaluate_folder(str(data / "sr"), str(data / "hr"), Settings(save_images=str(data / "hr")), scale=2)
    assert again.per_image == results.per_image


def test_bicubic_is_matlabs_in_float64(data):
    results = evaluate_config(str(data / "config.py"), "bicubic", Settings(protocol="plain", device="cpu"))
    lr = torch.from_numpy(read_image(data / "lr" / "0801x2m.png")).permute(2, 0, 1).double() / 255
    assert results.per_image["0801x2m"]["psnr"] == pytest.approx(
        psnr(imresize(lr, 2), read_image(data / "hr" / "0801.png")), abs=1e-6
    )
    assert results.method == "bicubic"


def test_hr_that_exceeds_sr_by_less_than_the_scale_is_cropped(data):
    image = read_image(data / "hr" / "0801.png")
    write_image(data / "odd" / "0801.png", image[:35, :39])
    write_image(data / "sr" / "0801.png", image[:34, :38])
    results = evaluate_folder(str(data / "sr"), str(data / "odd"), Settings(), scale=2)
    assert results.means["psnr"] == math.inf
    content = json.loads(write_results(results, data / "out" / "folder.json")[0].read_text())
    assert [image["name"] for image in content["images"]] == ["0801"]
    assert content["images_folder"] == str(data / "sr")


def test_hr_images_without_sr_image_are_counted_in_a_warning(data, monkeypatch):
    said = []
    monkeypatch.setattr(evaluate, "print_log", lambda text, **_: said.append(text))
    assert len(evaluate_folder(str(data / "hr"), str(data / "hr"), Settings(), scale=2).per_image) == 3
    assert said == []
    write_image(data / "sr" / "0802.png", read_image(data / "hr" / "0802.png"))
    assert list(evaluate_folder(str(data / "sr"), str(data / "hr"), Settings(), scale=2).per_image) == ["0802"]
    assert len(said) == 1
    assert said[0].startswith(f"2 HR images have no SR image in {data / 'sr'}")


def test_files_of_results(data):
    settings = Settings(protocol="cyclesr", device="cpu", subpixel=True)
    results = evaluate_config(str(data / "config.py"), "bicubic", settings)
    files = write_results(results, data / "out" / "results.json")
    content = json.loads(files[0].read_text())
    assert content["protocol"] == "cyclesr"
    assert content["means"] == results.means
    assert set(content["means"]) == {"psnr", "ssim", "psnr_subpixel"}
    assert content["images"][1]["name"] == "0802x2m"
    assert set(content["versions"]) == {"cyclesr", "torch", "numpy", "python"}
    rows = list(csv.DictReader(files[1].read_text().splitlines()))
    assert [row["name"] for row in rows] == [f"{name}x2m" for name in NAMES] + ["mean"]
    assert float(rows[-1]["psnr"]) == results.means["psnr"]
    last = files[2].read_text().splitlines()[-1]
    assert last.startswith(f"| bicubic | cyclesr | 3 | {results.means['psnr']:.3f} | {results.means['ssim']:.4f} |")


def test_mistakes(data):
    config = str(data / "config.py")
    with pytest.raises(UserError, match=r"net.pth.*x4.*x2"):
        evaluate_config(config, checkpoint(data, scale=4), CPU)
    with pytest.raises(UserError, match="protocol 'ntire71'"):
        evaluate_config(config, "bicubic", Settings(protocol="ntire71"))
    with pytest.raises(UserError, match="no HR image"):
        evaluate_folder(str(data / "lr"), str(data / "hr"), Settings(), scale=3)
    with pytest.raises(UserError, match=r"0801x2m: .*shape"):
        evaluate_folder(str(data / "lr"), str(data / "hr"), Settings(), scale=2)
    (data / "empty.py").write_text("default_scope = 'cyclesr'\n")
    with pytest.raises(UserError, match="no test_dataloader"):
        evaluate_config(str(data / "empty.py"), "bicubic", CPU)
    with pytest.raises(UserError, match=r"\.json file"):
        write_results(evaluate_config(config, "bicubic", CPU), data / "results.txt")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings("ntire17", subpixel=True), r"--subpixel.*protocol ntire17"),
        (Settings("ntire17", lpips_weights="x"), r"--lpips-weights.*protocol ntire17"),
        (Settings(columns=("niqe",), dists_weights="x"), r"--dists-weights.*--columns dists"),
    ],
)
def test_options_without_effect_are_errors(data, settings, message):
    with pytest.raises(UserError, match=message):
        evaluate_config(str(data / "config.py"), "bicubic", settings)
    with pytest.raises(UserError, match=message):
        evaluate_folder(str(data / "hr"), str(data / "hr"), settings, scale=2)


def test_a_device_for_images_needs_lpips(data):
    with pytest.raises(UserError, match=r"--images.*LPIPS.*remove --device"):
        evaluate_folder(str(data / "hr"), str(data / "hr"), CPU, scale=2)


def test_a_scale_that_contradicts_the_test_set_is_an_error(data):
    with pytest.raises(UserError, match=r"scale=3.*test_dataloader\.dataset\.scale=2"):
        evaluate_config(str(data / "config.py"), "bicubic", CPU, scale=3)
    assert evaluate_config(str(data / "config.py"), "bicubic", CPU, scale=2).scale == 2


def test_markdown_has_one_row(data):
    assert len(markdown(evaluate_config(str(data / "config.py"), "bicubic", CPU)).splitlines()) == 3


def test_results_files_are_standard_json(data):
    results = evaluate_folder(str(data / "hr"), str(data / "hr"), Settings(), scale=2)
    text = write_results(results, data / "results.json")[0].read_text()

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    assert json.loads(text, parse_constant=refuse)["means"] == dict(psnr="Infinity", ssim=1.0)
    assert json.loads(strict_json([math.nan, -math.inf, (1.5, "x")])) == ["NaN", "-Infinity", [1.5, "x"]]


@pytest.fixture
def lpips(tmp_path, monkeypatch) -> Lpips:
    """Returns LPIPS with random weights, saved as ``alexnet.pth``, and makes scoring use it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        backbone = LPIPS(net="alex", pnet_rand=True, verbose=False).net
    state = {"features." + key.split(".", 1)[1]: value for key, value in backbone.state_dict().items()}
    torch.save(state, tmp_path / "alexnet.pth")
    metric = Lpips("alex", tmp_path / "alexnet.pth")
    monkeypatch.setattr(evaluate, "load_lpips", lambda net, weights: metric)
    return metric


def test_lpips_goes_to_the_device(data, lpips, monkeypatch):
    asked = []
    monkeypatch.setattr(lpips, "to", lambda device: asked.append(device) or lpips)
    settings = Settings(lpips="alex", device="cpu")
    results = evaluate_config(str(data / "config.py"), "bicubic", replace(settings, protocol="plain"))
    assert evaluate_folder(str(data / "hr"), str(data / "hr"), settings, scale=2).means["lpips"] == 0
    assert asked == [torch.device("cpu")] * 2
    assert results.means["lpips"] > 0


def test_results_say_which_lpips_it_is(data, lpips):
    results = evaluate_folder(str(data / "hr"), str(data / "hr"), Settings(lpips="alex"), scale=2)
    content = json.loads(write_results(results, data / "results.json")[0].read_text())
    assert content["means"]["lpips"] == 0
    assert content["lpips_network"] == dict(
        net="alex",
        weights="alexnet.pth",
        sha256=hashlib.sha256((data / "alexnet.pth").read_bytes()).hexdigest(),
        lpips=version("lpips"),
    )
    assert markdown(results).splitlines()[0] == "| method | protocol | images | psnr | ssim | lpips alex |"
    assert "lpips_network" not in evaluate_config(str(data / "config.py"), "bicubic", CPU).provenance


def test_columns_are_measured_under_any_protocol(data, tmp_path, monkeypatch):
    (tmp_path / "vgg16.pth").write_bytes(b"weights")
    dists = Mock(weights=tmp_path / "vgg16.pth")
    dists.to.return_value.of_planes.side_effect = lambda sr, hr: float((sr - hr).abs().max())
    for module in (evaluate, columns):
        monkeypatch.setattr(module, "load_dists", lambda weights: dists)
    settings = Settings("ntire17", columns=("psnr_colour", "dists"))
    results = evaluate_folder(str(data / "hr"), str(data / "hr"), settings, scale=2)
    assert results.means == dict(psnr=math.inf, ssim=1.0, psnr_colour=results.means["psnr_colour"], dists=0.0)
    assert results.means["psnr_colour"] > 200
    sha256 = hashlib.sha256(b"weights").hexdigest()
    assert results.provenance["dists_network"] == dict(net="vgg16", weights="vgg16.pth", sha256=sha256)
    scored = evaluate_config(str(data / "config.py"), "bicubic", replace(settings, device="cpu"))
    assert scored.means["psnr_colour"] >= scored.means["psnr"]


def test_the_results_path_is_checked_before_scoring(data):
    (data / "file").touch()
    for path, message in {
        "results.txt": r"\.json file",
        "lr": r"\.json file",
        "file/results.json": r"results.json cannot be written: (Not a directory|File exists)",
    }.items():
        with pytest.raises(UserError, match=message):
            check_place(data / path)
    assert check_place(data / "new" / "results.json").parent.is_dir()
    assert list((data / "new").iterdir()) == []


def test_the_check_keeps_existing_results(data):
    (data / "results.json").write_text("old")
    check_place(data / "results.json")
    assert (data / "results.json").read_text() == "old"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder in which nobody can create files")
def test_a_folder_that_only_looks_writable_is_an_error():
    with pytest.raises(UserError, match=r"/proc/x.json cannot be written: "):
        check_place("/proc/x.json")


def test_held_out_pairs_take_the_place_of_the_test_set(data, tmp_path):
    for name in ("hr", "lr"):
        (tmp_path / "own" / name).mkdir(parents=True)
    shutil.copy(data / "hr" / "0802.png", tmp_path / "own" / "hr" / "a.png")
    shutil.copy(data / "lr" / "0802x2m.png", tmp_path / "own" / "lr" / "a.png")
    own = (str(tmp_path / "own" / "hr"), str(tmp_path / "own" / "lr"))
    results = evaluate_config(str(data / "config.py"), "bicubic", CPU, held_out=own)
    assert list(results.per_image) == ["a"]
    whole = evaluate_config(str(data / "config.py"), "bicubic", CPU)
    assert results.per_image["a"] == whole.per_image["0802x2m"]
