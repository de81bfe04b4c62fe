"""PSNR after a colour match: it ignores affine colour transforms and nothing else."""

import math

import numpy as np
import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.metrics.colour import match_colour, psnr_colour
from cyclesr.metrics.columns import load_columns
from cyclesr.metrics.protocols import get_protocol
from cyclesr.metrics.psnr import psnr


def image() -> torch.Tensor:
    return torch.randint(0, 256, (3, 24, 31), dtype=torch.float64)


def test_equals_least_squares_by_normal_equations() -> None:
    sr, hr = image(), image()
    x, y = (planes.numpy().reshape(3, -1).T for planes in (sr, hr))
    x = np.hstack([x, np.ones((len(x), 1))])
    expected = x @ np.linalg.solve(x.T @ x, x.T @ y)
    np.testing.assert_allclose(match_colour(sr, hr).numpy().reshape(3, -1).T, expected, atol=1e-9)
    assert psnr_colour(sr, hr) == pytest.approx(10 * math.log10(255**2 / ((expected - y) ** 2).mean()), abs=1e-9)


def test_a_cast_is_undone_and_noise_is_not() -> None:
    hr, noise = image(), 3 * torch.randn(3, 24, 31, dtype=torch.float64)
    matrix = torch.tensor([[0.9, 0.1, 0.0], [0.05, 0.8, 0.02], [0.0, 0.2, 0.7]], dtype=torch.float64)
    cast = torch.einsum("ij,jhw->ihw", matrix, hr) + torch.tensor([4.0, -7.0, 12.0])[:, None, None]
    assert psnr_colour(cast, hr) > 200
    assert psnr_colour(hr + noise, hr) == pytest.approx(psnr((hr + noise) / 255, hr / 255, rounded=False), abs=0.1)
    assert psnr_colour(hr + noise, hr) >= psnr((hr + noise) / 255, hr / 255, rounded=False)


def test_gray_and_constant_images_have_a_best_match() -> None:
    hr = image()
    gray = hr.mean(0, keepdim=True).expand(3, -1, -1)
    assert psnr_colour(gray, gray) > 200
    black = psnr_colour(torch.zeros(3, 24, 31), hr)
    assert black == pytest.approx(10 * math.log10(255**2 / hr.var((1, 2), correction=0).mean().item()))


@pytest.mark.parametrize("name", ["cyclesr", "shift40"])
def test_sr_is_matched_whichever_image_is_searched(name) -> None:
    hr = torch.rand(3, 100, 100)
    flat = hr.mean(0, keepdim=True).expand(3, -1, -1)
    columns = load_columns(["psnr_colour"])
    assert get_protocol(name).score(hr.roll(2, 1), flat, columns=columns)["psnr_colour"] > 50
    assert get_protocol(name).score(flat.roll(2, 1), hr, columns=columns)["psnr_colour"] < 30


def test_other_sizes_are_errors() -> None:
    with pytest.raises(UserError, match="same shape"):
        psnr_colour(image(), image()[:, 1:])
