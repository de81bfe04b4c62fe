"""Groups of images, traces of enlargements, and sharpness in a few numbers, on images whose camera is known."""

from dataclasses import replace

import numpy as np
import pytest

from cyclesr.degradations.camera import (
    FREQUENCIES,
    CameraMeasurement,
    CompressionMeasurement,
    ImageMeasurement,
    NoiseMeasurement,
    measure_images,
)
from cyclesr.degradations.camera.enlargement import find_enlargement
from cyclesr.degradations.camera.groups import group_images, look_alike
from cyclesr.degradations.camera.resampling import resampling_period
from cyclesr.degradations.camera.sharpness import Sharpness, SharpnessComparison, gaussian_error, sharpness
from cyclesr.degradations.camera.summary import summarise_compression, summarise_noise

# The spectra of sharp edges and of their reductions, which hardly show a blur.
SHARP = np.exp(-2 * (np.pi * 0.3 * FREQUENCIES) ** 2)


def camera(count: int, seed: int, *, sigma: float, level: float, quality: int | None) -> CameraMeasurement:
    """Measurements of images of one camera, which scatter as those of photographs do."""
    random = np.random.default_rng(seed)
    return CameraMeasurement(tuple(photo(random, sigma, level, quality) for _ in range(count)))


def photo(random: np.random.Generator, sigma: float, level: float, quality: int | None) -> ImageMeasurement:
    blur = np.exp(-2 * (np.pi * sigma * FREQUENCIES) ** 2 * np.exp(random.normal(0, 0.1)))
    rows = [SHARP * blur ** (1 / factor**2) for factor in (1, 2, 3, 4)]
    noisy = level * np.exp(random.normal(0, 0.5))
    noise = NoiseMeasurement(
        (0.5,), ((noisy,) * 3,), noisy, 0.0, (1.0,) * len(FREQUENCIES), (random.uniform(0, 0.6),) * 3
    )
    found = quality and CompressionMeasurement("pixels", quality + int(random.integers(-4, 5)), "4:2:0")
    spectra = tuple(tuple(map(float, row / row[0])) for row in rows)
    return ImageMeasurement("a.png", 480, 640, 100, spectra, (1.0,) * 4, noise, found or None)


def together(*cameras: CameraMeasurement) -> CameraMeasurement:
    return CameraMeasurement(tuple(image for one in cameras for image in one.images))


SOFT = dict(sigma=1.2, level=0.004, quality=90)


@pytest.mark.parametrize("count", [1, 7, 8, 12, 30])
@pytest.mark.parametrize("seed", range(3))
def test_images_of_one_camera_are_one_group(count: int, seed: int) -> None:
    (group,) = group_images(camera(count, seed, **SOFT))
    assert group.indices == tuple(range(count))
    assert group.differs_in == ()


@pytest.mark.parametrize(
    ("change", "name"),
    [(dict(sigma=0.5), "detail"), (dict(level=0.06), "noise"), (dict(quality=30), "compression")],
)
@pytest.mark.parametrize("counts", [(10, 10), (25, 6)])
def test_two_cameras_are_two_groups(change: dict, name: str, counts: tuple[int, int]) -> None:
    settings = SOFT | change
    # One property alone has to differ clearly, so that the difference outweighs the scatter of all of them.
    measured = together(camera(counts[0], 0, **SOFT), camera(counts[1], 1, **settings))
    groups = group_images(measured)
    first = tuple(range(counts[0]))
    assert sorted(group.indices for group in groups) == [first, tuple(range(counts[0], sum(counts)))]
    assert all(group.differs_in[0] in (name, "sharpening") for group in groups)


def test_sets_of_one_camera_look_alike_and_others_do_not() -> None:
    one = camera(12, 0, **SOFT)
    assert look_alike(one, camera(12, 1, **SOFT))
    for change in (dict(sigma=0.5), dict(level=0.03), dict(quality=50)):
        assert not look_alike(one, camera(12, 1, **(SOFT | change)))
    larger = CameraMeasurement(tuple(replace(image, width=1280, height=960) for image in one.images))
    assert not look_alike(one, larger)


def test_drawings_without_any_noise_can_be_compared() -> None:
    photographs = camera(8, 0, sigma=0.8, level=2 / 255, quality=None)
    silent = NoiseMeasurement((0.5,), ((0.0, 0.0, 0.0),), 0.0, 0.0, (0.0,) * len(FREQUENCIES), (0.0, 0.0, 0.0))
    drawings = CameraMeasurement(tuple(replace(image, noise=silent) for image in photographs.images))
    assert look_alike(drawings, drawings)
    assert not look_alike(drawings, photographs)


def cloud(side: int = 200) -> np.ndarray:
    """Luminance with the spectrum of photographs, 1 / f in amplitude."""
    axis = np.fft.fftfreq(side)
    white = np.fft.fft2(np.random.default_rng(0).normal(size=(side, side)))
    plane = np.fft.ifft2(white / np.maximum(np.hypot(axis[:, None], axis), 1 / side)).real
    return np.rint(np.clip(128 + 35 * plane / plane.std(), 0, 255)) / 255


@pytest.mark.parametrize(("factor", "period"), [(1.5, 3), (2, 2), (3, 3), (4, 4)])
@pytest.mark.parametrize("kind", ["bilinear", "bicubic"])
def test_an_enlargement_leaves_traces(factor: float, period: int, kind: str) -> None:
    import cv2

    kinds = dict(bilinear=cv2.INTER_LINEAR, bicubic=cv2.INTER_CUBIC)
    large = cv2.resize(cloud(), None, fx=factor, fy=factor, interpolation=kinds[kind])
    assert resampling_period(np.rint(255 * large) / 255) == period


def test_without_an_enlargement_there_are_no_traces() -> None:
    assert resampling_period(cloud()) == 0
    assert resampling_period(np.full((200, 200), 0.5)) == 0
    assert resampling_period(cloud()[:20]) == 0
    blocks = np.kron(np.random.default_rng(0).uniform(0.2, 0.8, (25, 25)), np.ones((8, 8)))
    assert resampling_period(np.clip(blocks + 0.02 * cloud(), 0, 1)) == 0


def summary(mtf: np.ndarray) -> Sharpness:
    """What is said of the MTF, which here need not be measured."""

    class Known(CameraMeasurement):
        @property
        def mtf(self) -> np.ndarray:
            return mtf

        def resampled_mtfs(self, count: int, random: np.random.Generator) -> np.ndarray:
            return mtf * np.exp(random.normal(0, 0.01, (count, 1)))

    return sharpness(Known(()))


def test_sharpness_of_known_curves() -> None:
    found = summary(np.exp(-2 * (np.pi * 1.2 * FREQUENCIES) ** 2))
    assert not found.sharpens
    assert found.half == pytest.approx(np.sqrt(np.log(2) / 2) / np.pi / 1.2, abs=0.003)
    assert found.limit == pytest.approx(np.sqrt(np.log(10) / 2) / np.pi / 1.2, abs=0.003)
    sharpened = summary(1 + 0.3 * np.exp(-(((FREQUENCIES - 0.14) / 0.05) ** 2)))
    assert sharpened.sharpens
    assert (sharpened.peak, sharpened.peak_frequency) == (pytest.approx(1.3), pytest.approx(0.14))
    assert (sharpened.half, sharpened.limit) == (0.5, 0.5)
    assert sharpened.detail == pytest.approx(1, abs=0.01)  # sharpening adds no detail


def test_comparison_of_sharpness() -> None:
    soft, sharp = (summary(np.exp(-2 * (np.pi * sigma * FREQUENCIES) ** 2)) for sigma in (1.2, 0.4))
    assert SharpnessComparison(sharp, soft).verdict == "sharper"
    assert SharpnessComparison(soft, sharp).verdict == "softer"
    assert SharpnessComparison(soft, soft).verdict == "alike"
    unsure = replace(soft, error=0.5)
    assert SharpnessComparison(sharp, unsure).verdict == "alike"


def test_enlargement_by_traces_or_by_the_end_of_detail() -> None:
    full, sharp, soft = (summary(np.exp(-2 * (np.pi * sigma * FREQUENCIES) ** 2)) for sigma in (0.3, 0.8, 1.7))
    images = camera(8, 0, **SOFT).images
    assert find_enlargement(CameraMeasurement(images), sharp).factor == 1
    assert find_enlargement(CameraMeasurement(images), soft).factor == 2
    traced = [CameraMeasurement(tuple(replace(image, resampling_period=p) for image in images)) for p in (2, 3, 4)]
    assert [find_enlargement(one, sharp).factor for one in traced] == [2, 1.5, 4]
    assert find_enlargement(traced[0], sharp).traces == 8
    assert find_enlargement(traced[0], full).factor == 1
    few = CameraMeasurement((replace(images[0], resampling_period=2), *images[1:]))
    assert find_enlargement(few, sharp).factor == 1


def test_resampled_mtfs_scatter_as_the_images_do() -> None:
    one = camera(20, 0, **SOFT)
    draws = one.resampled_mtfs(50, np.random.default_rng(0))
    assert draws.shape == (50, len(FREQUENCIES))
    np.testing.assert_allclose(draws.mean(0), one.mtf, atol=0.02)
    same = CameraMeasurement(one.images[:1] * 5).resampled_mtfs(3, np.random.default_rng(0))
    np.testing.assert_allclose(same - same[:1], 0, atol=1e-12)


def test_summaries() -> None:
    measured = together(camera(9, 0, **SOFT), camera(1, 0, **(SOFT | dict(quality=None))))
    noise = summarise_noise(measured)
    assert noise.images == 10
    assert noise.level == pytest.approx(0.004, rel=0.5)
    assert noise.low < noise.level < noise.high
    assert noise.kind == "white"
    assert summarise_noise(camera(5, 0, **(SOFT | dict(level=0.0003)))).kind == "hidden"
    found = summarise_compression(measured)
    assert (found.images, found.in_files, found.in_pixels) == (10, 0, 9)
    assert found.subsamplings == {"4:2:0": 9}
    assert 86 <= found.qualities[0] <= found.qualities[-1] <= 94
    assert summarise_noise(measure_images([np.zeros((9, 9, 3))])) is None


def test_only_gaussian_blurs_are_taken_for_one() -> None:
    for sigma in (0.0, 0.4, 1.234):
        assert gaussian_error(np.exp(-2 * (np.pi * sigma * FREQUENCIES) ** 2)) < 0.005
    assert gaussian_error(np.where(FREQUENCIES < 0.2, 1.0, 0.0)) > 0.3
    assert gaussian_error(1.3 * SHARP) == pytest.approx(0.3)  # at frequency 0, where every blur has 1
