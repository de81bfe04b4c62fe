"""CoBi compared with loops over all pairs of patches; its memory; shifted pairs."""

import math

import pytest
import torch
from torch import Tensor

from cyclesr.errors import UserError
from cyclesr.models.losses import contextual
from cyclesr.models.losses.contextual import ContextualBilateralLoss
from cyclesr.registry import LOSSES


def brute_force(sr: Tensor, hr: Tensor, patch: int, stride: int, spatial_weight: float) -> Tensor:
    """Computes CoBi of one image with loops over every patch of sr and every patch of hr."""
    height, width = (side - patch + 1 for side in hr.shape[-2:])

    def cut(image: Tensor, y: int, x: int) -> Tensor:
        return image[:, y : y + patch, x : x + patch].flatten()

    targets = {(y, x): cut(hr, y, x) for y in range(height) for x in range(width)}
    centre = torch.stack(list(targets.values())).mean(dim=0)
    nearest = []
    for y in range(0, height, stride):
        for x in range(0, width, stride):
            p = cut(sr, y, x) - centre
            distances = []
            for (v, u), target in targets.items():
                q = target - centre
                place = math.hypot(y - v, x - u) / max(height, width)
                distances.append(1 - p @ q / (p.norm() * q.norm()) + spatial_weight * place)
            nearest.append(torch.stack(distances).min())
    return torch.stack(nearest).mean()


@pytest.mark.parametrize(("patch", "stride", "spatial_weight"), [(1, 1, 0.1), (3, 2, 0.0), (3, 2, 0.5)])
def test_equals_brute_force(patch: int, stride: int, spatial_weight: float) -> None:
    sr, hr = (torch.rand(2, 3, 7, 9, dtype=torch.float64, requires_grad=True) for _ in range(2))
    loss = ContextualBilateralLoss(2.0, patch=patch, stride=stride, spatial_weight=spatial_weight)
    found = loss(sr, hr)
    pairs = zip(sr, hr, strict=True)
    expected = 2 * torch.stack([brute_force(a, b, patch, stride, spatial_weight) for a, b in pairs]).mean()
    assert found.item() == pytest.approx(expected.item(), abs=1e-12)
    for ours, theirs in zip(*(torch.autograd.grad(value, (sr, hr)) for value in (found, expected)), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def test_gradients_agree_with_finite_differences() -> None:
    sr, hr = (torch.rand(1, 3, 6, 6, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(ContextualBilateralLoss(patch=2, stride=1), (sr, hr))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sr, hr = torch.rand(2, 3, 12, 12), torch.rand(2, 3, 12, 12)
    loss = ContextualBilateralLoss(patch=3, stride=1)
    whole = loss(sr, hr)
    largest: list[int] = []
    product = torch.baddbmm

    def spy(*args: Tensor, **kwargs: int) -> Tensor:
        result = product(*args, **kwargs)
        largest.append(result.numel())
        return result

    monkeypatch.setattr(contextual, "BLOCK", 1000)
    monkeypatch.setattr(torch, "baddbmm", spy)
    assert loss(sr, hr).item() == pytest.approx(whole.item(), abs=1e-7)
    assert len(largest) == 20  # of the 100 patches, five at a time have 2 * 5 * 100 distances
    assert max(largest) <= 1000


def test_shifted_images_have_a_small_loss() -> None:
    scene = torch.rand(1, 3, 24, 24)
    sr, hr = scene[..., 2:18, 3:19], scene[..., 4:20, 4:20]
    loss = ContextualBilateralLoss(patch=4, stride=2, spatial_weight=0.0)
    inside = loss(sr, hr).item()
    assert inside < 0.6 * loss(torch.rand(1, 3, 16, 16), hr).item()
    assert loss(hr, hr).item() == pytest.approx(0.0, abs=1e-6)


def test_features_come_from_a_config_and_are_frozen() -> None:
    torch.manual_seed(0)
    features = dict(type="torch.nn.Conv2d", in_channels=3, out_channels=5, kernel_size=3, padding=1)
    loss = LOSSES.build(dict(type="ContextualBilateralLoss", features=features, patch=1, stride=1))
    network = loss.features.held[0]
    sr, hr = torch.rand(1, 3, 6, 6), torch.rand(1, 3, 6, 6)
    maps = ContextualBilateralLoss(patch=1, stride=1)(network(sr), network(hr))
    assert loss(sr, hr).item() == pytest.approx(maps.item(), rel=1e-6)
    assert loss.state_dict() == {}


def test_several_maps_are_added() -> None:
    loss = ContextualBilateralLoss(patch=1, stride=1)
    sr, hr = torch.rand(1, 3, 6, 6), torch.rand(1, 3, 6, 6)
    once = loss(sr, hr).item()
    for several in (lambda image: [image, image], lambda image: dict(a=image, b=image)):
        loss.features.forward = several
        assert loss(sr, hr).item() == pytest.approx(2 * once, rel=1e-6)


def test_a_patch_larger_than_the_image_is_an_error() -> None:
    with pytest.raises(UserError, match=r"ContextualBilateralLoss.*10 pixels.*8x9"):
        ContextualBilateralLoss()(torch.rand(1, 3, 9, 8), torch.rand(1, 3, 9, 8))
