"""Learnt blurs compared with scipy's convolution and the transfer function of a Gaussian."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from torch import Tensor

from cyclesr.errors import UserError
from cyclesr.models.translators.probabilistic import GaussianBlur


def shaped(a: float, b: float, c: float, **options: object) -> GaussianBlur:
    """Makes one kernel of the covariance L L^T, with L = [[a, 0], [b, c]] over (x, y)."""
    blur = GaussianBlur(**options).double()
    with torch.no_grad():
        blur.factors[:] = torch.tensor([a, b, c])
    return blur


def test_kernels_have_sum_1_their_centre_and_their_covariance() -> None:
    blur = shaped(1.2, 0.4, 1.0)
    (kernel,) = blur.kernels().detach()
    place = torch.arange(15).double() - 7
    assert kernel.sum().item() == pytest.approx(1)
    assert (kernel.sum(0) @ place).item() == pytest.approx(0, abs=1e-12)
    assert (kernel.sum(1) @ place).item() == pytest.approx(0, abs=1e-12)
    by_hand = [kernel.sum(0) @ place**2, place @ kernel @ place, kernel.sum(1) @ place**2]
    expected = [1.2**2, 1.2 * 0.4, 0.4**2 + 1.0**2]
    assert [moment.item() for moment in by_hand] == pytest.approx(expected, rel=0.01)
    (covariance,) = blur.covariances().detach()
    assert covariance.flatten().tolist() == pytest.approx([expected[0], expected[1], expected[1], expected[2]])


@pytest.mark.parametrize("sigma", [0.2, 0.5, 1.0])
def test_a_wave_is_attenuated_as_by_a_gaussian(sigma: float) -> None:
    """Checks kernels of all widths, including those narrower than a pixel, where a sampled Gaussian is wrong."""
    blur = shaped(sigma, 0.3 * sigma, 0.8 * sigma)
    across, down = 2 * math.pi * 4 / 15, 2 * math.pi * 2 / 15  # exact frequencies of a kernel of 15 px
    places = torch.arange(60).double()
    wave = torch.cos(across * places + down * places[:, None]).expand(1, 3, 60, 60)
    middle = (..., slice(20, 40), slice(20, 40))
    variance = (sigma * across + 0.3 * sigma * down) ** 2 + (0.8 * sigma * down) ** 2
    torch.testing.assert_close(blur(wave)[middle], math.exp(-variance / 2) * wave[middle])


@pytest.mark.parametrize("size", [(20, 17), (3, 4), (1, 1)])
def test_equals_the_convolution_of_scipy_with_mirrored_borders(size: tuple[int, int]) -> None:
    blur = shaped(0.9, 0.4, 0.6, size=7)
    image = torch.rand(2, 3, *size).double()
    kernel = blur.kernels()[0].detach().numpy()
    expected = [[_convolved(plane, kernel) for plane in one] for one in image.numpy()]
    np.testing.assert_allclose(blur(image).detach().numpy(), expected, atol=1e-12)


def _convolved(plane: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    padded = np.pad(plane, kernel.shape[0] // 2, mode="symmetric")
    return convolve2d(padded, kernel, mode="valid")


def blurred_points(blur: GaussianBlur, count: int) -> Tensor:
    """Returns the kernels of ``count`` images as the blurred image of a point."""
    point = torch.zeros(count, 3, 15, 15)
    point[:, :, 7, 7] = 1
    return blur(point)[:, 0].detach()


def test_each_image_draws_one_of_the_kernels() -> None:
    blur = GaussianBlur(num_kernels=3)
    kernels = blur.kernels().detach()
    assert torch.pdist(kernels.flatten(1)).min() > 0.01  # they start with different kernels
    differences = (blurred_points(blur, 600)[:, None] - kernels).abs().amax(dim=(-2, -1))
    assert differences.amin(dim=1).max() < 1e-6
    counts = differences.argmin(dim=1).bincount()
    assert counts.min() > 150


def test_each_image_draws_a_mixture_of_the_kernels() -> None:
    blur = GaussianBlur(num_kernels=2, mixing="mixed")
    first, second = blur.kernels().detach()
    made = blurred_points(blur, 500)
    weight = (made[:, 7, 7] - first[7, 7]) / (second[7, 7] - first[7, 7])
    torch.testing.assert_close(made, first + weight[:, None, None] * (second - first), atol=1e-6, rtol=0)
    assert weight.mean().item() == pytest.approx(1 / 2, abs=0.05)
    assert weight.var().item() == pytest.approx(1 / 12, abs=0.01)  # variance of the uniform distribution


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(size=4), "size=4"),
        (dict(num_kernels=0), "num_kernels=0"),
        (dict(mixing="stirred"), "mixing.*'stirred'"),
        (dict(sigma=0.0), "sigma.*found 0"),
    ],
)
def test_mistakes_are_named(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        GaussianBlur(**options)


@pytest.mark.parametrize("mixing", ["drawn", "mixed"])
def test_the_expected_blur_is_the_mean_over_many_draws(mixing: str) -> None:
    torch.manual_seed(0)
    blur = GaussianBlur(num_kernels=3, size=9, mixing=mixing, sigma=0.7)
    image = torch.rand(1, 3, 12, 14)
    mean = blur(image.expand(6000, -1, -1, -1)).mean(0, keepdim=True)
    assert (blur(image.expand(20, -1, -1, -1)) - mean).abs().max() > 0.02
    torch.testing.assert_close(blur.expected(image), mean, rtol=0, atol=0.004)
