"""LDL against its formulas, computed pixel by pixel."""

import numpy as np
import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.models.losses import ArtifactLoss


def by_hand(sr: np.ndarray, hr: np.ndarray, averaged: np.ndarray | None) -> tuple[float, np.ndarray]:
    """The loss, and the map of each image."""
    maps = []
    for i in range(len(sr)):
        residual = np.abs(hr[i] - sr[i]).sum(0)
        padded = np.pad(residual, 3, mode="reflect")
        local = np.array([[padded[y : y + 7, x : x + 7].var(ddof=1) for x in range(12)] for y in range(10)])
        found = residual.var(ddof=1) ** (1 / 5) * local
        if averaged is not None:
            found[residual < np.abs(hr[i] - averaged[i]).sum(0)] = 0
        maps.append(found)
    weights = np.stack(maps)[:, None]
    return float(np.abs(weights * (sr - hr)).mean()), weights


@pytest.mark.parametrize("refined", [False, True])
def test_value_and_gradient(refined: bool) -> None:
    sr, hr, averaged = torch.rand(3, 2, 3, 10, 12, dtype=torch.float64)
    sr.requires_grad_()
    loss = ArtifactLoss(weight=2.0)(sr, hr, averaged if refined else None)
    value, weights = by_hand(sr.detach().numpy(), hr.numpy(), averaged.numpy() if refined else None)
    assert loss.item() == pytest.approx(2 * value, rel=1e-6)
    loss.backward()
    expected = 2 * weights * np.sign((sr - hr).detach().numpy()) / sr.numel()
    np.testing.assert_allclose(sr.grad.numpy(), expected, atol=1e-12)


def test_equal_images_cost_nothing_and_have_a_finite_gradient() -> None:
    hr = torch.rand(1, 3, 8, 8)
    sr = hr.clone().requires_grad_()
    loss = ArtifactLoss()(sr, hr)
    loss.backward()
    assert loss.item() == 0
    assert torch.isfinite(sr.grad).all()


def test_small_images_are_an_error() -> None:
    with pytest.raises(UserError, match="at least 4 px"):
        ArtifactLoss()(torch.rand(1, 3, 3, 9), torch.rand(1, 3, 3, 9))
