"""The shift search compared with a loop over every window."""

import math

import numpy as np
import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.metrics.shift_search import best_shift, squared_errors


def loop(fixed: torch.Tensor, searched: torch.Tensor, gain: bool) -> np.ndarray:
    """Computes the mean squared error of every window in a loop."""
    height, width = fixed.shape[-2:]
    count = searched.shape[-1] - width + 1
    errors = np.empty((count, count))
    for dy in range(count):
        for dx in range(count):
            window = searched[:, dy : dy + height, dx : dx + width]
            factor = fixed.mean() / window.mean() if gain else 1.0
            errors[dy, dx] = (fixed - factor * window).square().mean()
    return errors


def images(height: int, width: int, reach: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    searched = torch.randint(0, 256, (3, height + 2 * reach, width + 2 * reach), generator=generator).double()
    fixed = torch.randint(0, 256, (3, height, width), generator=generator).double()
    return fixed, searched


@pytest.mark.parametrize("gain", [False, True])
@pytest.mark.parametrize(("height", "width", "reach"), [(37, 41, 8), (13, 60, 3), (20, 20, 0)])
def test_equals_the_loop(height, width, reach, gain):
    fixed, searched = images(height, width, reach)
    errors = squared_errors(fixed, searched, gain).numpy()
    expected = loop(fixed, searched, gain)
    assert np.abs(10 * np.log10(errors / expected)).max() < 1e-6
    assert errors.argmin() == expected.argmin()


@pytest.mark.parametrize("gain", [False, True])
def test_blocks_add_up(monkeypatch, gain):
    monkeypatch.setattr("cyclesr.metrics.shift_search.LONGEST_BLOCK", 10)
    fixed, searched = images(23, 41, 4)
    expected = loop(fixed, searched, gain)
    assert np.abs(10 * np.log10(squared_errors(fixed, searched, gain).numpy() / expected)).max() < 1e-6


@pytest.mark.parametrize("gain", [False, True])
def test_finds_a_known_shift_exactly(gain):
    _, searched = images(30, 26, 6)
    best = best_shift(searched[:, 6 + 2 : 36 + 2, 6 - 5 : 32 - 5], searched, gain=gain)
    assert (best.dy, best.dx, best.psnr) == (2, -5, math.inf)


def test_score_of_the_winner_is_exact():
    fixed, searched = images(16, 16, 4, seed=3)
    assert best_shift(fixed, searched).psnr == 10 * math.log10(255**2 / loop(fixed, searched, False).min())


def test_gain_removes_a_brightness_factor():
    _, searched = images(24, 24, 4)
    fixed = searched[:, 5:29, 3:27] * 0.8
    assert best_shift(fixed, searched).psnr < 20
    best = best_shift(fixed, searched, gain=True)
    assert (best.dy, best.dx) == (1, -1)
    assert best.psnr > 200


def test_a_black_window_is_scored_without_gain():
    fixed, searched = images(8, 8, 2)
    errors = squared_errors(fixed, torch.zeros_like(searched), gain=True)
    assert torch.allclose(errors, fixed.square().mean().expand(5, 5))


def test_subpixel_refinement_is_better_on_a_fractional_shift_and_never_worse():
    y, x = torch.meshgrid(torch.arange(60.0), torch.arange(60.0), indexing="ij")

    def wave(dy, dx):
        return (128 + 100 * torch.sin((x + dx) / 4) * torch.cos((y + dy) / 5))[None].double()

    best = best_shift(wave(0.3, 1.4)[:, 5:-5, 5:-5], wave(0, 0), subpixel=True)
    assert (best.dy, best.dx) == (0, 1)
    assert best.psnr_subpixel > best.psnr + 10
    fixed, searched = images(16, 16, 2)
    noise = best_shift(fixed, searched, subpixel=True)
    assert noise.psnr_subpixel >= noise.psnr


def test_sizes_that_do_not_fit_are_errors():
    fixed, searched = images(16, 16, 2)
    with pytest.raises(UserError, match="even number of rows and columns"):
        best_shift(fixed, searched[:, :-1])
