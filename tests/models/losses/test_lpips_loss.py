"""LPIPS as a loss: the package's values, and finite gradients where the package has NaN."""

import warnings
from pathlib import Path

import lpips
import pytest
import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.losses.frozen import Frozen
from cyclesr.models.losses.lpips import LPIPSLoss


@pytest.fixture
def package() -> lpips.LPIPS:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lpips.LPIPS(net="squeeze", pnet_rand=True, verbose=False).eval()


@pytest.fixture
def weights(package: lpips.LPIPS, tmp_path: Path) -> str:
    state = {"features." + key.split(".", 1)[1]: value for key, value in package.net.state_dict().items()}
    torch.save(state, tmp_path / "squeezenet1_1.pth")
    return str(tmp_path)


def images() -> list[Tensor]:
    return [torch.rand(2, 3, 40, 40) for _ in range(2)]


def test_equals_the_package(package: lpips.LPIPS, weights: str) -> None:
    sr, hr = images()
    loss = LPIPSLoss(2.0, "squeeze", weights)
    assert loss(sr, hr).item() == pytest.approx(2 * package(sr, hr, normalize=True).mean().item(), rel=1e-5)
    assert loss(hr, hr).item() == 0.0
    assert loss.train().distance.held[0].training is False


def test_gradients_agree_with_finite_differences(weights: str) -> None:
    loss = LPIPSLoss(1.0, "squeeze", weights).double()
    sr, hr = (image[:1, :, :32, :32].double() for image in images())
    assert torch.autograd.gradcheck(lambda a: loss(a, hr), (sr.requires_grad_(),), fast_mode=True)


def test_the_gradient_is_finite_where_no_feature_is_active(weights: str) -> None:
    loss = LPIPSLoss(1.0, "squeeze", weights)
    first = loss.distance.held[0].backbone.slice1[0]
    first.bias.fill_(-100.0)  # the first ReLU is zero everywhere
    sr, hr = images()
    loss(sr.requires_grad_(), hr).backward()
    assert torch.isfinite(sr.grad).all()


def test_under_autocast_the_weights_are_cast_once(weights: str) -> None:
    loss = LPIPSLoss(2.0, "squeeze", weights)
    sr, hr = images()
    sr.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        found, expected = loss(sr, hr), 2 * loss.distance.held[0](sr, hr)
    assert torch.equal(found, expected)
    assert torch.equal(*(torch.autograd.grad(distance, sr)[0] for distance in (found, expected)))
    assert loss(sr, hr).item() == pytest.approx(found.item(), rel=0.05)
    assert loss(sr, hr).item() != found.item()


def test_without_weights_the_error_says_where_they_belong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(UserError, match=r"LPIPSLoss.*vgg16-\*\.pth.*checkpoints"):
        LPIPSLoss()
    with pytest.raises(UserError, match=r"weights.*alexnet"):
        LPIPSLoss(net="alex", weights=str(tmp_path))


def test_frozen_networks_follow_the_device_and_are_not_in_the_state() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2), nn.Dropout())
    frozen = nn.ModuleDict({"loss": Frozen(network)}).train()
    assert frozen.state_dict() == {}
    assert list(frozen.parameters()) == []
    held = frozen["loss"].held[0]
    assert not any(module.training for module in held.modules())
    assert network.training  # the given network is not changed
    frozen.double()
    assert {p.dtype for p in held.parameters()} == {torch.float64}
    image = torch.rand(1, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    frozen["loss"](image).sum().backward()
    assert image.grad.abs().sum() > 0
    assert all(p.grad is None for p in held.parameters())
