"""What needs a GPU: the same steps as on a CPU, float16, graphs, compiled networks, prefetching, resuming."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.engine.graphs import WARM_UP, StepGraphs
from cyclesr.engine.loop import train_step
from cyclesr.engine.prefetch import ready_batches
from cyclesr.images.tensors import to_samples
from cyclesr.inference.upscale import Upscaler
from cyclesr.models.collaborative import CollaborativeSR
from cyclesr.models.networks import channels_last, convolution, image_norm, pixel_shuffle
from cyclesr.optim.parts import PartOptimizers, PartOptimizersConstructor
from cyclesr.registry import MODELS, SR_BACKBONES

pytestmark = pytest.mark.gpu
ROOT = Path(__file__).parents[2]
GPU, CPU = torch.device("cuda"), torch.device("cpu")
Built = tuple[CollaborativeSR, PartOptimizers]


@pytest.fixture(autouse=True)
def _exact_convolutions() -> Iterator[None]:
    """Without TF32, whose 10 bits would hide errors."""
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


def built(device: torch.device, amp: str = "none", **settings: Any) -> Built:
    torch.manual_seed(0)
    sizes = dict(generator=dict(channels=8, num_blocks=1), discriminator=dict(channels=8, num_layers=1))
    config = dict(
        type="CollaborativeSR",
        degradation=dict(type="Bicubic", scale=2),
        translator=dict(type="CycleGAN", pool_size=0, **sizes),
        sr=dict(type="SRResNet", scale=2, channels=8, num_blocks=1, norm="none"),
        sr_loss=dict(type="MSELoss", weight=100.0),
        feedback_weight=10.0,
        average=0.9,
        **settings,
    )
    model = MODELS.build(config).to(device).train()
    adam = dict(optimizer=dict(type="Adam", lr=2.0**-10, eps=1e-3))  # a large eps: rounding does not decide signs
    parts = dict.fromkeys(("generators", "discriminators", "sr"), adam)
    return model, PartOptimizersConstructor(dict(amp=amp, **parts))(model)


def batches(count: int, device: torch.device) -> list[dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(1)
    sizes = dict(hr=48, real=24)
    found = [{k: torch.rand(2, 3, n, n, generator=generator) for k, n in sizes.items()} for _ in range(count)]
    return [{name: image.to(device) for name, image in batch.items()} for batch in found]


def trained(built: Built, step: Callable[..., dict] = train_step, count: int = 8) -> tuple[dict, list[dict]]:
    model, optimizers = built
    device = next(model.parameters()).device
    log = [step(model, batch, optimizers) for batch in batches(count, device)]
    weights = {name: value.cpu() for name, value in model.state_dict().items()}
    return weights, [{name: float(value) for name, value in losses.items()} for losses in log]


def assert_close(found: tuple[dict, list[dict]], expected: tuple[dict, list[dict]], tolerance: float) -> None:
    for name, weights in expected[0].items():
        torch.testing.assert_close(found[0][name], weights, rtol=tolerance, atol=tolerance, msg=name)
    for one, other in zip(found[1], expected[1], strict=True):
        assert one == pytest.approx(other, rel=10 * tolerance, abs=10 * tolerance)


@pytest.mark.parametrize("channels_last", [False, True])
def test_steps_equal_those_on_a_cpu(channels_last: bool) -> None:
    expected = trained(built(CPU), count=3)
    assert_close(trained(built(GPU, channels_last=channels_last), count=3), expected, 1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_operations_that_keep_channels_last_agree_with_torchs(dtype: torch.dtype) -> None:
    assert image_norm._works(GPU, dtype)
    assert convolution._works(GPU, dtype)
    assert channels_last.agrees(pixel_shuffle._halved, pixel_shuffle._torch_halved, GPU, dtype)


def test_a_step_in_bfloat16_is_near_one_in_float32() -> None:
    expected = trained(built(GPU), count=2)
    assert_close(trained(built(GPU, "bf16", channels_last=True), count=2), expected, 0.03)


def test_float16_scales_the_loss_and_skips_a_step_that_overflows() -> None:
    model, optimizers = built(GPU, "fp16")
    log = trained((model, optimizers), count=2)[1]
    assert [losses["skipped"] for losses in log] == [0.0, 0.0] or log[0]["skipped"]
    scale = optimizers.state_dict()["scale of sr"]["scale"]
    before = [p.detach().clone() for p in model.sr.parameters()]
    with optimizers.autocast(GPU):
        loss = model.sr(torch.full((1, 3, 8, 8), torch.inf, device=GPU)).sum()
        update = optimizers.update(dict(loss=loss), "sr")
    assert not bool(update.stepped)
    assert optimizers.state_dict()["scale of sr"]["scale"] == scale / 2
    assert all(torch.equal(p, b) for p, b in zip(model.sr.parameters(), before, strict=True))


@pytest.mark.parametrize("amp", ["none", "bf16"])
def test_graphs_take_the_steps_that_are_taken_without_them(amp: str) -> None:
    settings = dict(amp=amp, channels_last=True)
    graphs = StepGraphs(train_step)
    count = WARM_UP + 5
    found = trained(built(GPU, **settings), graphs, count)
    assert graphs._graph is not None
    assert_close(found, trained(built(GPU, **settings), count=count), 1e-4 if amp == "none" else 0.02)


@pytest.mark.filterwarnings("ignore")  # of how the compiler calls torch
def test_compiled_networks_take_the_same_steps() -> None:
    compiled = ("sr", "translator.generators.to_real", "translator.generators.to_syn")
    assert_close(trained(built(GPU, compiled=compiled), count=2), trained(built(GPU), count=2), 1e-4)


def test_batches_that_are_fetched_ahead_arrive_unchanged_and_in_order() -> None:
    given = [{name: image.pin_memory() for name, image in batch.items()} for batch in batches(5, CPU)]
    ready = list(ready_batches(iter(given), GPU))
    assert all(torch.equal(r[name].cpu(), g[name]) for r, g in zip(ready, given, strict=True) for name in g)
    assert len(ready) == 5


def test_tiles_in_bfloat16_are_near_the_whole_image_on_a_cpu() -> None:
    torch.manual_seed(0)
    network = SR_BACKBONES.build(dict(type="EDSR", scale=2, channels=8, num_blocks=1))
    image = torch.rand(3, 50, 70)
    expected = Upscaler(network, 2, CPU, None)(image)
    torch.testing.assert_close(Upscaler(network, 2, GPU, 32)(image), expected, rtol=0, atol=1e-4)
    torch.testing.assert_close(Upscaler(network, 2, GPU, 32, dtype=torch.bfloat16)(image), expected, rtol=0, atol=0.05)


@pytest.mark.parametrize("ensemble", [False, True])
def test_batches_of_tiles_of_a_stored_image_are_near_the_whole_image_on_a_cpu(ensemble: bool) -> None:
    torch.manual_seed(0)
    network = SR_BACKBONES.build(dict(type="SRResNet", scale=2, channels=8, num_blocks=1))
    image = torch.randint(0, 256, (70, 90, 3), dtype=torch.uint8).numpy()

    def enlarged(device: torch.device, tile: int | None, batch: int | str = "auto") -> torch.Tensor:
        upscaler = Upscaler(network, 2, device, tile, ensemble=ensemble, batch=batch)
        return torch.cat([torch.cat(tiles, 1) for _, tiles in upscaler.rows(image, to_samples)])

    expected = enlarged(CPU, None).int()
    for batch in (1, 3, "auto"):
        assert (enlarged(GPU, 16, batch).int() - expected).abs().max() <= 1


def test_a_deterministic_training_that_was_resumed_equals_one_that_was_not(tiny_config: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error::DeprecationWarning:mmengine", str(ROOT / "tools" / "train.py")]

    def run(name: str, *options: str) -> dict:
        arguments = [str(tiny_config), "--work-dir", str(tmp_path / name), "--deterministic", "--device", "cuda"]
        done = subprocess.run(
            [*command, *arguments, *options], capture_output=True, text=True, env={**os.environ}, check=False
        )
        assert done.returncode == 0, done.stderr
        return read_checkpoint(str(tmp_path / name / "iter_6.pth"))["state_dict"]

    straight = run("straight")
    run("resumed")
    for iteration in (4, 6):
        (tmp_path / "resumed" / f"iter_{iteration}.pth").unlink()
    resumed = run("resumed", "--resume")
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)
