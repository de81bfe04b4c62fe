"""The perceptual loss: its formula, its gradients, and that its network is not part of a checkpoint."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.imagenet_features import ImageNetFeatures
from cyclesr.registry import LOSSES

LAYERS = dict(conv1_2=0.5, relu2_1=2.0)


@pytest.fixture
def weights(tmp_path: Path) -> str:
    """Writes the first three convolutions of a VGG and returns the file's path."""
    state = {}
    for index, inputs, outputs in ((0, 3, 64), (2, 64, 64), (5, 64, 128)):
        state[f"features.{index}.weight"] = torch.randn(outputs, inputs, 3, 3) * (2 / (9 * inputs)) ** 0.5
        state[f"features.{index}.bias"] = 0.1 * torch.randn(outputs)
    torch.save(state, tmp_path / "vgg19.pth")
    return str(tmp_path / "vgg19.pth")


def build(weights: str, **config: object) -> nn.Module:
    return LOSSES.build({**dict(type="PerceptualLoss", layers=LAYERS, weights=weights), **config})


def images() -> tuple[Tensor, Tensor]:
    return torch.rand(2, 3, 16, 12), torch.rand(2, 3, 16, 12)


@pytest.mark.parametrize(("criterion", "distance"), [("l1", F.l1_loss), ("mse", F.mse_loss)])
def test_is_the_weighted_sum_over_layers(weights: str, criterion: str, distance: nn.Module) -> None:
    sr, hr = images()
    features = ImageNetFeatures("vgg19", list(LAYERS), weights)
    ours, theirs = features(sr), features(hr)
    expected = 3.0 * sum(weight * distance(ours[name], theirs[name]) for name, weight in LAYERS.items())
    loss = build(weights, weight=3.0, criterion=criterion)
    assert loss(sr, hr).item() == pytest.approx(expected.item(), rel=1e-6)
    assert loss(hr, hr).item() == 0.0


def test_only_sr_gets_a_gradient_which_agrees_with_finite_differences(weights: str) -> None:
    loss = build(weights, layers=dict(conv1_1=1.0), criterion="mse").double()
    sr, hr = (torch.rand(1, 3, 4, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(lambda image: loss(image, hr), (sr,))
    loss(sr, hr).backward()
    assert sr.grad.abs().min() > 0
    assert hr.grad is None
    assert all(p.grad is None and not p.requires_grad for p in loss.features.held[0].parameters())


def test_the_network_is_not_in_the_state_and_not_trained(weights: str) -> None:
    loss = build(weights).train()
    assert loss.state_dict() == {}
    assert list(loss.parameters()) == list(loss.buffers()) == []
    assert not loss.features.held[0].training
    assert build(weights).load_state_dict({}, strict=True).missing_keys == []


def test_under_autocast_the_weights_are_cast_once(weights: str) -> None:
    loss = build(weights)
    network = loss.features.held[0]
    sr, hr = (image.requires_grad_() for image in images())
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        loss(sr, hr)  # the copy of the weights must serve training, too
    with torch.autocast("cpu", torch.bfloat16):
        found = loss(sr, hr)
        ours, theirs = network(sr), network(hr)
        expected = sum(weight * F.l1_loss(ours[name], theirs[name]) for name, weight in LAYERS.items())
    assert torch.equal(found, expected)
    assert torch.equal(*(torch.autograd.grad(distance, sr)[0] for distance in (found, expected)))
    copied = loss.features._cast[torch.bfloat16]
    assert {p.dtype for p in copied.parameters()} == {torch.bfloat16}
    assert copied.mean.dtype == torch.float32
    loss.double()
    assert loss.features._cast == {}


def test_the_default_is_the_last_convolution_before_its_activation(tmp_path: Path) -> None:
    state = {}
    shapes = {0: (64, 3, 11), 3: (192, 64, 5), 6: (384, 192, 3), 8: (256, 384, 3), 10: (256, 256, 3)}
    for index, (outputs, inputs, kernel) in shapes.items():
        state[f"{index}.weight"] = torch.zeros(()).expand(outputs, inputs, kernel, kernel)
        state[f"{index}.bias"] = torch.zeros(outputs)
    torch.save(state, tmp_path / "alexnet.pth")
    loss = build(str(tmp_path), network="alexnet", layers=None)
    assert loss.layers == {"conv5": 1.0}
    assert len(loss.features.held[0].features) == 11


def test_mistakes_are_named(weights: str) -> None:
    with pytest.raises(UserError, match=r"criterion.*l1, mse.*'l2'"):
        build(weights, criterion="l2")
    with pytest.raises(UserError, match=r"'layer'.*'layers'"):
        build(weights, layer="conv5_4")
    with pytest.raises(UserError, match="26 tensors"):
        build(weights, layers=None)
