"""Focal frequency loss compared with numpy's FFT and, by Parseval's theorem, with the MSE; total variation by hand."""

import numpy as np
import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.models.losses.frequency import FocalFrequencyLoss, focal_frequency, focal_weights, spectral_distance
from cyclesr.models.losses.total_variation import total_variation
from cyclesr.registry import LOSSES


def in_numpy(sr: np.ndarray, hr: np.ndarray, alpha: float) -> float:
    """Computes the loss plane by plane with numpy."""
    total, height, width = 0.0, *sr.shape[-2:]
    for a, b in zip(sr.reshape(-1, height, width), hr.reshape(-1, height, width), strict=True):
        difference = np.abs(np.fft.fft2(a) - np.fft.fft2(b)) / np.sqrt(height * width)
        weights = difference**alpha
        total += (weights / weights.max() * difference**2).mean()
    return total / (sr.size / (height * width))


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_equals_numpy(alpha: float) -> None:
    sr, hr = torch.rand(2, 3, 7, 10, dtype=torch.float64), torch.rand(2, 3, 7, 10, dtype=torch.float64)
    assert focal_frequency(sr, hr, alpha).item() == pytest.approx(in_numpy(sr.numpy(), hr.numpy(), alpha), rel=1e-12)


def test_a_patch_larger_than_the_images_is_an_error() -> None:
    with pytest.raises(UserError, match=r"FocalFrequencyLoss.*64 pixels.*64x48"):
        FocalFrequencyLoss(patch=64)(torch.rand(1, 3, 48, 64), torch.rand(1, 3, 48, 64))


def test_patches_are_compared_separately() -> None:
    sr, hr = torch.rand(1, 3, 9, 12, dtype=torch.float64), torch.rand(1, 3, 9, 12, dtype=torch.float64)
    cuts = [(slice(y, y + 4), slice(x, x + 4)) for y in (0, 4) for x in (0, 4, 8)]
    expected = np.mean([in_numpy(sr[..., y, x].numpy(), hr[..., y, x].numpy(), 1.0) for y, x in cuts])
    assert FocalFrequencyLoss(3.0, patch=4)(sr, hr).item() == pytest.approx(3 * expected, rel=1e-12)


def test_without_focus_it_is_the_mse() -> None:
    sr, hr = torch.rand(2, 3, 8, 6), torch.rand(2, 3, 8, 6)
    loss = LOSSES.build(dict(type="FocalFrequencyLoss", weight=5.0, alpha=0.0))
    assert loss(sr, hr).item() == pytest.approx(5 * (sr - hr).square().mean().item(), rel=1e-5)


def test_the_weights_are_constants_for_the_gradient() -> None:
    sr, hr = (torch.rand(1, 2, 4, 5, dtype=torch.float64, requires_grad=True) for _ in range(2))
    weights = focal_weights(spectral_distance(sr, hr), 1.0)
    assert torch.autograd.gradcheck(lambda a, b: (weights * spectral_distance(a, b)).mean(), (sr, hr))
    constant = torch.autograd.grad((weights * spectral_distance(sr, hr)).mean(), (sr, hr))
    for ours, theirs in zip(torch.autograd.grad(focal_frequency(sr, hr, 1.0), (sr, hr)), constant, strict=True):
        assert torch.equal(ours, theirs)


def test_equal_images_and_low_precision() -> None:
    hr = torch.rand(1, 3, 8, 8)
    sr = hr.clone().requires_grad_()
    loss = FocalFrequencyLoss()(sr, hr)
    loss.backward()
    assert loss.item() == 0.0
    assert sr.grad.abs().max() == 0.0
    assert FocalFrequencyLoss()(hr.bfloat16(), 1 - hr).dtype == torch.float32


def test_total_variation_by_hand() -> None:
    image = torch.tensor([[0.0, 1.0, 1.0], [0.5, 0.5, 0.0]]).view(1, 1, 2, 3)
    vertical, horizontal = (0.5 + 0.5 + 1.0) / 3, (1.0 + 0.0 + 0.0 + 0.5) / 4
    assert total_variation(image).item() == pytest.approx(vertical + horizontal, rel=1e-6)
    loss = LOSSES.build(dict(type="TVLoss", weight=4.0))
    assert loss(image, torch.rand_like(image)).item() == pytest.approx(4 * (vertical + horizontal), rel=1e-6)
    assert torch.autograd.gradcheck(loss, (torch.rand(1, 3, 4, 4, dtype=torch.float64, requires_grad=True),))
