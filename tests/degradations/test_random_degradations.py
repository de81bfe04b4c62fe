"""Random degradations: kernels against their formulas, draws against their distributions, and the chain."""

import math
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage, special, stats
from torch import Tensor, nn

from cyclesr.degradations import (
    RandomBlur,
    RandomChain,
    RandomCompression,
    RandomNoise,
    RandomResize,
    RandomSharpening,
)
from cyclesr.degradations.kernels import blur_kernel
from cyclesr.degradations.random import compression
from cyclesr.degradations.random.kernels import bell_kernel, sinc_kernel
from cyclesr.errors import UserError
from cyclesr.images.jpeg import compressed
from cyclesr.registry import DEGRADATIONS


def covariance(kernel: Tensor) -> np.ndarray:
    axis = np.arange(len(kernel)) - len(kernel) // 2
    y, x = np.meshgrid(axis, axis, indexing="ij")
    weights = kernel.numpy()
    return np.array([[(weights * a * b).sum() for a in (x, y)] for b in (x, y)])


def likely(hits: int, count: int, probability: float) -> bool:
    return stats.binomtest(hits, count, probability).pvalue > 1e-3


def uniform(values: list[float], low: float, high: float) -> bool:
    return stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > 1e-3


def smooth(side: int = 64) -> Tensor:
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return torch.stack([0.5 + 0.3 * torch.sin(x / (9 + c)) * torch.cos(y / 11) for c in range(3)])[None]


def test_bell_kernels_have_the_spread_and_the_direction_that_was_asked_for() -> None:
    turn = math.radians(30)
    axes = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    expected = axes @ np.diag([3.0**2, 1.5**2]) @ axes.T
    np.testing.assert_allclose(covariance(bell_kernel("gaussian", (3.0, 1.5), 30, size=41)), expected, atol=1e-3)
    torch.testing.assert_close(bell_kernel("generalised", (2.0, 1.0), 70, 1.0, 21), blur_kernel(2, 1, 70, size=21))


BELLS = {"generalised": lambda d: np.exp(-d / 2), "plateau": lambda d: 1 / (1 + d)}


@pytest.mark.parametrize("form", BELLS)
def test_other_forms_follow_their_formulas(form: str) -> None:
    axis = np.arange(9) - 4.0
    distance = (axis[:, None] ** 2 + axis**2) / 1.7**2
    expected = BELLS[form](distance**2.5)
    kernel = bell_kernel(form, (1.7, 1.7), 0.0, 2.5, 9)
    np.testing.assert_allclose(kernel.numpy(), expected / expected.sum(), rtol=1e-12)


def test_sinc_passes_low_frequencies_and_stops_high_ones() -> None:
    kernel = sinc_kernel(math.pi / 2, 101).numpy()
    cutoff, away = math.pi / 2, 3.0
    tap, middle = cutoff * special.j1(cutoff * away) / (2 * math.pi * away), cutoff**2 / (4 * math.pi)
    assert kernel[50, 53] / kernel[50, 50] == pytest.approx(tap / middle, rel=1e-6)
    gains = np.abs(np.fft.fft2(np.fft.ifftshift(kernel)))
    assert np.all(np.abs(gains[0, 1:20] - 1) < 0.1)  # below 0.2 cycles per pixel; the cutoff is 0.25
    assert np.all(gains[0, 32:50] < 0.1)


def test_blurs_are_drawn_in_their_shares_and_ranges() -> None:
    blur = RandomBlur(kinds=dict(gaussian=1.0), sigma=(0.8, 2.0), size=(21, 21))
    drawn = [covariance(blur.kernel()) for _ in range(400)]
    round_ones = [c[0, 0] ** 0.5 for c in drawn if abs(c[0, 0] - c[1, 1]) + abs(c[0, 1]) < 1e-9]
    assert likely(len(round_ones), 400, 0.7)
    assert uniform(round_ones, 0.8, 2.0)
    mixed = RandomBlur(kinds=dict(plateau=3.0, sinc=1.0), size=(7, 9))
    kernels = [mixed.kernel() for _ in range(400)]
    assert likely(sum(bool((kernel < 0).any()) for kernel in kernels), 400, 0.25)  # only sinc has negative taps
    assert likely(sum(len(kernel) == 7 for kernel in kernels), 400, 0.5)


def test_a_blur_is_the_convolution_with_its_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    blur, image = RandomBlur(size=(9, 9)), torch.rand(1, 4, 20, 24, dtype=torch.float64)
    kernel = bell_kernel("gaussian", (2.0, 0.7), 25, size=9)
    monkeypatch.setattr(blur, "kernel", lambda: kernel)
    expected = [ndimage.convolve(plane, kernel.numpy(), mode="reflect") for plane in image[0].numpy()]
    np.testing.assert_allclose(blur(image)[0].numpy(), expected, atol=1e-12)
    assert torch.equal(RandomBlur(probability=0.0)(image), image)


def test_factors_are_drawn_in_their_shares_and_ranges() -> None:
    resize = RandomResize(dict(up=0.2, down=0.7, keep=0.1), factors=(0.3, 1.5))
    factors = [resize.factor() for _ in range(1000)]
    up, down = [f for f in factors if f > 1], [f for f in factors if f < 1]
    assert likely(len(up), 1000, 0.2)
    assert likely(len(down), 1000, 0.7)
    assert uniform(up, 1, 1.5)
    assert uniform(down, 0.3, 1)
    assert RandomResize(dict(down=1.0), factors=(0.1, 1.0))(torch.rand(1, 3, 8, 200)).shape[-2] >= 4


@pytest.mark.parametrize("gray", [0.0, 1.0])
def test_noise_has_the_level_that_was_asked_for(gray: float) -> None:
    image = torch.full((1, 3, 128, 128), 0.4)
    gaussian = RandomNoise(gaussian=1.0, sigma=(20, 20), gray=gray)(image) - image
    assert 255 * gaussian.std().item() == pytest.approx(20, rel=0.03)
    photons = RandomNoise(gaussian=0.0, poisson=(2, 2), gray=gray)(image) - image
    assert 255 * photons.std().item() == pytest.approx(2 * (255 * 0.4) ** 0.5, rel=0.03)
    for noise in (gaussian, photons):
        assert torch.equal(noise[:, 0], noise[:, 1]) == bool(gray)
        correlation = np.corrcoef(noise[0, 0, :, 1:].flatten(), noise[0, 0, :, :-1].flatten())[0, 1]
        assert abs(correlation) < 0.03


def test_kinds_of_noise_are_drawn_for_each_image() -> None:
    noisy = RandomNoise(probability=0.5, gaussian=1.0, sigma=(5, 5), gray=0.5)(torch.full((400, 3, 4, 4), 0.5)) - 0.5
    none = (noisy == 0).all(dim=(1, 2, 3))
    gray = (noisy[:, 0] == noisy[:, 1]).all(dim=(1, 2)) & ~none
    assert likely(int(none.sum()), 400, 0.5)
    assert likely(int(gray.sum()), 400, 0.25)


@pytest.mark.parametrize(("kind", "channels"), [("jpeg", 3), ("jpeg", 1), ("webp", 3), ("webp", 1)])
def test_files_in_memory_are_pillows(kind: str, channels: int) -> None:
    pixels = (255 * smooth()[0, :channels]).byte().permute(1, 2, 0).numpy()
    buffer = BytesIO()
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(buffer, kind, quality=40)
    expected = np.asarray(Image.open(buffer).convert("L" if channels == 1 else "RGB")).reshape(pixels.shape)
    assert np.array_equal(compressed(pixels, kind, 40), expected)


def test_formats_and_qualities_are_drawn_and_blocks_begin_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def record(pixels: np.ndarray, kind: str, quality: int) -> np.ndarray:
        seen.append((kind, quality, pixels.shape))
        return pixels

    monkeypatch.setattr(compression, "compressed", record)
    image = (255 * torch.rand(600, 3, 6, 5)).round() / 255
    torch.testing.assert_close(RandomCompression(quality=(30, 90))(image), image)
    kinds, qualities, shapes = zip(*seen, strict=True)
    assert likely(kinds.count("webp"), 600, 0.2)
    assert uniform([q + np.random.default_rng(q).uniform(-0.5, 0.5) for q in qualities], 29.5, 90.5)
    assert {height - 6 for height, _, _ in shapes} == {*range(16)}


def test_compression_of_low_quality_changes_more() -> None:
    image = smooth() + 0.05 * torch.rand(1, 3, 64, 64)
    low, high = (
        (RandomCompression(formats=dict(jpeg=1.0), quality=(q, q))(image) - image).square().mean() for q in (20, 95)
    )
    assert low > 2 * high
    with pytest.raises(UserError, match="1 or 3 channels, found 2"):
        RandomCompression()(image[:, :2])


def test_sharpening_is_unsharp_masking() -> None:
    image = smooth().double()
    made = RandomSharpening(1.0, amount=(0.6, 0.6), sigma=(1, 1))(image)[0].numpy()
    planes = image[0].numpy()
    soft = np.stack([ndimage.gaussian_filter(plane, 1.0, mode="reflect", truncate=3) for plane in planes])
    np.testing.assert_allclose(made, np.clip(planes + 0.6 * (planes - soft), 0, 1), atol=1e-6)


@pytest.mark.parametrize("shuffled", [False, True])
def test_the_chain_reduces_is_deterministic_and_differs_between_images(shuffled: bool) -> None:
    chain = DEGRADATIONS.build(dict(type="RandomChain", scale=2, shuffled=shuffled))
    image = smooth(40).repeat(3, 1, 1, 1)
    runs = []
    for _ in range(2):
        torch.manual_seed(3)
        runs.append(chain(image))
    assert runs[0].shape == (3, 3, 20, 20)
    assert torch.equal(*runs)
    assert not torch.equal(runs[0][0], runs[0][1])
    assert torch.equal((255 * runs[0]).round() / 255, runs[0])
    assert runs[0].min() >= 0
    assert runs[0].max() <= 1
    assert chain(image, (13, 17)).shape == (3, 3, 13, 17)


def test_a_weaker_chain_changes_less() -> None:
    image = smooth().repeat(6, 1, 1, 1)
    errors = []
    for strength in (0.0, 0.3, 1.0):
        torch.manual_seed(0)
        errors.append((RandomChain(1, strength)(image) - image).square().mean().sqrt().item())
    assert errors[0] < 0.01 < errors[1] < errors[2]


def test_the_chain_does_not_move_the_image() -> None:
    y, x = torch.meshgrid(*[torch.arange(80.0)] * 2, indexing="ij")
    blob = torch.exp(-((x - 30.5).square() + (y - 45.5).square()) / 80).expand(12, 3, 80, 80)
    made = RandomChain(2, 0.5)(blob).mean((0, 1)).double()
    made = (made - made.median()).clamp(min=0.05) - 0.05
    half = torch.arange(40.0, dtype=torch.float64)
    centre = [(made.sum(1 - axis) * half).sum() / made.sum() for axis in (0, 1)]
    assert [c.item() for c in centre] == pytest.approx([(45.5 - 0.5) / 2, (30.5 - 0.5) / 2], abs=0.25)


class _Marks(nn.Module):
    def __init__(self, seen: list[str], name: str) -> None:
        super().__init__()
        self.seen, self.name = seen, name

    def forward(self, image: Tensor) -> Tensor:
        self.seen.append(self.name)
        return image


def test_the_order_of_the_steps_is_kept_or_drawn() -> None:
    seen: list[str] = []
    steps = [_Marks(seen, name) for name in "abc"]
    RandomChain(steps=steps)(torch.rand(2, 3, 8, 8))
    assert "".join(seen) == "abcabc"
    seen.clear()
    RandomChain(steps=steps, shuffled=True)(torch.rand(120, 3, 8, 8))
    orders = ["".join(seen[i : i + 3]) for i in range(0, 360, 3)]
    assert stats.chisquare([orders.count(order) for order in ("abc", "acb", "bac", "bca", "cab", "cba")]).pvalue > 1e-3


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: RandomBlur(kinds=dict(gauss=1.0)), "RandomBlur.kinds.*gaussian, generalised, plateau, sinc"),
        (lambda: RandomBlur(sigma=(3.0, 1.0)), "RandomBlur.sigma is .lowest, highest"),
        (lambda: RandomResize(dict(up=0.0)), "RandomResize.directions"),
        (lambda: RandomNoise(sigma=(-1, 2)), "RandomNoise.sigma"),
        (lambda: RandomCompression(formats=dict(png=1.0)), "jpeg, webp"),
        (lambda: RandomChain(strength=2.0), "from 0 to 1"),
        (lambda: RandomChain(strength=0.5, steps=[]), "beside steps"),
    ],
)
def test_mistakes_are_named(build, said: str) -> None:
    with pytest.raises(UserError, match=said):
        build()
