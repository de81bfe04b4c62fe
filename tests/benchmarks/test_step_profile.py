"""What a step copies, counted on a CPU: casts and changes of the memory format cost most of its time on a GPU."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from cyclesr.models.losses import PerceptualLoss
from cyclesr.models.losses.frozen import Frozen
from cyclesr.models.networks import channels_last, convolution, image_norm, pixel_shuffle
from cyclesr.optim.memory_format import ChannelsLast

ROOT = Path(__file__).parents[2]
CASES = ["CycleGAN + VDSR", "UNIT + SRResNet"]
Counted = Callable[..., list]


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Returns a function that trains two steps of a case, and returns the copies of the second."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    steps = importlib.import_module("train_step")
    profiles = importlib.import_module("step_profile")

    def counted(case: str, amp: str, format: ChannelsLast, perceptual: nn.Module | None = None) -> list:
        device = torch.device("cpu")
        model = steps.build(case, True, format, device)
        model.perceptual = perceptual
        optimizers = steps.optimizers_of(model, amp)
        batch = steps.random_batch(16, 2, device)
        model.train_step(batch, optimizers)
        return profiles.profile_step(lambda: model.train_step(batch, optimizers), device).copies

    return counted


@pytest.fixture
def as_on_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes networks take the operations that they take on GPUs."""
    for module in (image_norm, convolution, pixel_shuffle):
        monkeypatch.setattr(module, "torch_changes_format", channels_last.is_channels_last)


# What CPU kernels copy for themselves, where those of GPUs read any type and memory format.
OF_CPU_KERNELS = (
    *("aten::_convolution", "convolution_backward", "thnn_conv", "_fused_adam_", "upsample_nearest2d"),
    *("addcmul", "aten::mul", "aten::add", "aten::sum", "aten::mean", "linalg_vector_norm"),
)


def of_networks(copies: list) -> list:
    return [c for c in copies if not any(name in caller for caller in c.callers for name in OF_CPU_KERNELS)]


def is_feature_map(copy) -> bool:
    """Whether a copy is of feature maps of the two images of a batch (or of two batches), not of weights or images."""
    return len(copy.shape) == 4 and copy.shape[0] in (2, 4) and copy.shape[1] > 4


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("format", [False, True])
def test_no_feature_map_is_cast(copies: Counted, case: str, format: ChannelsLast) -> None:
    """Under autocast, feature maps stay in bfloat16 from the head of a network to its tail."""
    cast = [c for c in of_networks(copies(case, "bf16", format)) if c.is_cast and is_feature_map(c)]
    assert cast == []


@pytest.mark.usefixtures("as_on_gpus")
@pytest.mark.parametrize("case", CASES)
def test_with_the_operations_of_gpus_no_feature_map_changes_type_or_format(copies: Counted, case: str) -> None:
    made = [c for c in of_networks(copies(case, "bf16", True)) if is_feature_map(c)]
    assert [c for c in made if c.changes_format or c.is_cast] == []


@pytest.mark.parametrize("case", CASES)
def test_weights_are_cast_once_for_each_update_that_uses_them(copies: Counted, case: str) -> None:
    """Once forwards and once backwards; a discriminator also judges for the generators, without a gradient."""
    steps = importlib.import_module("train_step")
    model = steps.build(case, True, False, torch.device("cpu"))
    numbers = {name: len(cast_by_autocast(part)) for name, part in model.parts().items()}
    shapes = {tuple(p.shape) for part in model.parts().values() for p in cast_by_autocast(part)}
    cast = [c for c in copies(case, "bf16", False) if c.is_cast and c.shape in shapes]
    assert len(cast) == 2 * (numbers["generators"] + numbers["sr"]) + 3 * numbers["discriminators"]


def test_weights_of_frozen_networks_are_not_cast_in_a_step(copies: Counted, tmp_path: Path, monkeypatch) -> None:
    """VGG's features of ``sr`` and of ``hr`` would otherwise cast every weight twice."""
    state = {}
    for index, inputs, outputs in ((0, 3, 64), (2, 64, 64), (5, 64, 128)):
        state[f"{index}.weight"] = torch.randn(outputs, inputs, 3, 3) / (3 * inputs**0.5)
        state[f"{index}.bias"] = torch.zeros(outputs)
    torch.save(state, tmp_path / "vgg19.pth")
    layers = dict(conv1_2=1.0, conv2_1=1.0)

    def cast() -> int:
        loss = PerceptualLoss(layers=layers, weights=str(tmp_path))
        return sum(c.is_cast and c.shape in shapes for c in copies(CASES[0], "bf16", False, loss))

    shapes = {tuple(weights.shape) for weights in state.values()}
    assert cast() == 0
    monkeypatch.setattr(Frozen, "forward", lambda self, *images: self.held[0](*images))
    assert cast() == 2 * len(state)


def cast_by_autocast(network: nn.Module) -> list[torch.Tensor]:
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    return [p for layer in layers for p in layer.parameters() if p.numel() > 1]


@pytest.mark.parametrize("case", CASES)
def test_in_float32_nothing_is_cast(copies: Counted, case: str) -> None:
    found = of_networks(copies(case, "none", False))
    assert [c for c in found if c.is_cast] == []
    assert [c for c in found if is_feature_map(c) and c.changes_format] == []
