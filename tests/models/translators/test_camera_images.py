"""CameraDegradation draws from single images: kernel and noise of one, its spectrum and its colours."""

import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from test_camera_degradation import sharp_squares

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.degradations.camera import FREQUENCIES, CameraMeasurement, ImageMeasurement, NoiseMeasurement
from cyclesr.degradations.camera.noise import measure_noise
from cyclesr.engine.launch import train
from cyclesr.errors import UserError
from cyclesr.inference.translator import load_degradation
from cyclesr.models.translators import CameraDegradation
from cyclesr.models.translators.camera.grain import filter_of

BLUR, SHARP = np.exp(-((FREQUENCIES / 0.12) ** 2)), np.ones(len(FREQUENCIES))
GRAIN = np.exp(-((FREQUENCIES / 0.2) ** 2))  # amplitude
FLAT = torch.full((48, 3, 64, 64), 0.5)


class Camera(CameraMeasurement):
    """A measurement whose results are known."""

    def __init__(self, mtfs: list[np.ndarray], noises: list[NoiseMeasurement | None]) -> None:
        images = [ImageMeasurement("", 9, 9, 0, (), (), noise, None) for noise in noises]
        super().__init__(tuple(images))
        vars(self).update(mtfs=np.array(mtfs), mtf=np.mean(mtfs, 0))


def measured_noise(
    read: float, spectrum: np.ndarray = SHARP, correlation: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> NoiseMeasurement:
    return NoiseMeasurement((0.5,), ((1.0, 1.0, 1.0),), read, 0.0, tuple(map(float, spectrum)), correlation)


def translator(camera: CameraMeasurement, **options: Any) -> CameraDegradation:
    made = CameraDegradation(**{"mtf": list(SHARP), "unexplained": (0.0, 0.0), "texture": 0.0, **options})
    made.take(camera)
    return made


def ratio(noise: np.ndarray, high: float, low: float) -> float:
    """Ratio of the amplitudes of ``(n, h, w)`` at two frequencies, by numpy's FFT."""
    window = np.hanning(noise.shape[-1])
    return ratio_of_spectrum((np.abs(np.fft.fft2(noise * window[:, None] * window)) ** 2).mean(0), high, low)


def ratio_of_gains(gains: np.ndarray, high: float, low: float) -> float:
    return ratio_of_spectrum(np.interp(radius(64), FREQUENCIES, gains) ** 2, high, low)


def ratio_of_spectrum(power: np.ndarray, high: float, low: float) -> float:
    bands = [power[np.abs(radius(len(power)) - frequency) < 0.02].mean() for frequency in (high, low)]
    return float(np.sqrt(bands[0] / bands[1]))


def radius(side: int) -> np.ndarray:
    axis = np.fft.fftfreq(side)
    return np.hypot(axis[:, None], axis)


def test_a_crop_gets_kernel_and_noise_of_the_same_image() -> None:
    """A sharp image with much noise and a blurred one with little: no crop mixes them."""
    torch.manual_seed(0)
    camera = Camera([SHARP, BLUR], [measured_noise(0.05), measured_noise(0.01)])
    wave = torch.sin(2 * torch.pi * 0.1 * torch.arange(64.0))
    made = translator(camera, per_image=True).degrade((0.5 + 0.2 * wave).expand(40, 3, 64, 64))
    columns = made.mean((1, 2))  # (40, 64)
    gains = 2 * (columns * wave)[:, 7:57].mean(1) / 0.2  # five periods, without the borders
    noises = (made - columns[:, None, None]).std((1, 2, 3))
    blurred = gains < 0.75
    assert 10 < blurred.sum() < 30
    expected = torch.where(blurred, float(BLUR[5]), 1.0)
    torch.testing.assert_close(gains, expected, atol=0.03, rtol=0)
    torch.testing.assert_close(noises, torch.where(blurred, 0.01, 0.05), atol=0.002, rtol=0)


def test_images_without_noise_of_their_own_get_that_of_the_others_in_turn() -> None:
    first, second = measured_noise(0.01), measured_noise(0.02)
    assert Camera([SHARP] * 5, [None, first, None, second, None]).noise_of_each == (first, first, second, second, first)
    assert Camera([SHARP] * 2, [None, None]).noise_of_each == (None, None)


def test_kernels_vary_around_those_of_each_image() -> None:
    made = translator(Camera([SHARP, BLUR], [None, None]), per_image=True, gain=0.1)
    kernels = made.get_submodule("generators.to_real.kernels").kernels
    spectra = torch.fft.fft2(kernels, s=(50, 50)).abs()[..., 0, 7].log()  # 0.14 cycles per pixel
    torch.testing.assert_close(spectra.exp().mean(1), torch.tensor([1.0, float(BLUR[7])]), atol=0.05, rtol=0)
    assert spectra.std(1).tolist() == pytest.approx([0.1, 0.1], rel=0.4)


def test_coloured_noise_has_the_spectrum_and_the_correlation_of_the_image() -> None:
    torch.manual_seed(0)
    power = GRAIN**2
    noise = measured_noise(0.05, power, (0.8, 0.3, 0.5))
    made = translator(Camera([SHARP], [noise]), coloured=True).degrade(FLAT).numpy() - 0.5
    assert made.std() == pytest.approx(0.05, rel=0.02)
    correlation = np.corrcoef(made.transpose(1, 0, 2, 3).reshape(3, -1))
    assert correlation[[0, 0, 1], [1, 2, 2]] == pytest.approx([0.8, 0.3, 0.5], abs=0.02)
    assert ratio(made[:, 0], 0.3, 0.1) == pytest.approx(ratio_of_gains(GRAIN, 0.3, 0.1), rel=0.05)


def test_coloured_noise_is_measured_as_it_was_drawn() -> None:
    torch.manual_seed(0)
    noise = measured_noise(0.03, GRAIN**2 / (GRAIN**2).mean(), (0.6, 0.6, 0.6))
    made = translator(Camera([SHARP], [noise]), coloured=True).degrade(torch.full((1, 3, 384, 384), 0.5))[0]
    found = measure_noise(made.permute(1, 2, 0).double().numpy())
    assert found is not None
    assert found.level == pytest.approx(0.03, rel=0.12)  # grain as coarse as this is partly taken for shading
    assert found.correlation == pytest.approx((0.6, 0.6, 0.6), abs=0.05)


def test_coloured_noise_has_the_balance_of_the_colours() -> None:
    torch.manual_seed(0)
    noise = NoiseMeasurement((0.5,), ((0.01, 0.01, 0.03),), 0.02, 0.0, tuple(SHARP), (0.0, 0.0, 0.0))
    made = translator(Camera([SHARP], [noise]), coloured=True).degrade(FLAT) - 0.5
    red, green, blue = made.std((0, 2, 3)).tolist()
    assert (green / red, blue / red) == pytest.approx((1, 3), rel=0.05)
    assert made.square().mean().sqrt().item() == pytest.approx(0.02, rel=0.02)


def test_gray_images_have_gray_noise() -> None:
    noise = measured_noise(0.03, correlation=(1.0, 1.0, 1.0))
    made = translator(Camera([SHARP], [noise]), coloured=True).degrade(FLAT)
    assert (made - made[:, :1]).abs().max() <= 1.01 / 255


def test_the_noise_of_images_is_coloured_or_from_the_bank() -> None:
    with pytest.raises(UserError, match="coloured or from the bank"):
        CameraDegradation(list(SHARP), coloured=True, bank=True)


def test_white_noise_passes_a_filter_of_equal_gains_unchanged() -> None:
    impulse = torch.zeros(15, 15)
    impulse[7, 7] = 1
    torch.testing.assert_close(filter_of(SHARP), impulse, atol=0.02, rtol=0)


@pytest.mark.parametrize("correlation", [0.0, 0.7, 1.0])
def test_unexplained_noise_is_correlated_as_asked_for(correlation: float) -> None:
    torch.manual_seed(0)
    made = CameraDegradation(list(SHARP), unexplained=(9.0, 9.0), texture_correlation=correlation).degrade(FLAT) - 0.5
    found = np.corrcoef(made.numpy().transpose(1, 0, 2, 3).reshape(3, -1))
    assert found[[0, 0, 1], [1, 2, 2]] == pytest.approx([correlation] * 3, abs=0.02)
    assert made.std().item() == pytest.approx(9 / 255, rel=0.02)


@pytest.mark.parametrize("spectrum", ["kernel", list(BLUR)])
def test_unexplained_noise_has_the_spectrum_that_was_asked_for(spectrum: Any) -> None:
    torch.manual_seed(0)
    made = CameraDegradation(list(BLUR), unexplained=(9.0, 9.0), texture_spectrum=spectrum).degrade(FLAT).numpy() - 0.5
    assert made.std() == pytest.approx(9 / 255, rel=0.02)
    assert ratio(made[:, 1], 0.16, 0.06) == pytest.approx(ratio_of_gains(BLUR, 0.16, 0.06), rel=0.06)


def test_impossible_options_are_refused() -> None:
    with pytest.raises(UserError, match="texture_correlation is from 0 to 1, found 2"):
        CameraDegradation(list(SHARP), texture_correlation=2)
    for spectrum in ("pink", [1.0, 2.0], [-1.0] * len(FREQUENCIES)):
        with pytest.raises(UserError, match="white, kernel or 26 gains"):
            CameraDegradation(list(SHARP), texture_spectrum=spectrum)
    with pytest.raises(UserError, match="leave 'noise' out"):
        CameraDegradation(list(SHARP), noise=[(0.1, 0.0)], coloured=True)


@pytest.mark.parametrize("options", [dict(per_image=True), dict(coloured=True), dict(bank=True), dict(compressed=True)])
def test_single_images_must_be_measured_first(options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="training measures them"):
        CameraDegradation(list(SHARP), **options).degrade(FLAT)


def noisy_jpegs(folder: Path) -> Path:
    random = np.random.default_rng(0)
    for path in sorted(sharp_squares(folder, 240).iterdir()):
        noisy = cv2.imread(str(path)) + random.normal(0, 3, (240, 240, 3))
        cv2.imwrite(str(path.with_suffix(".jpg")), noisy.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])
        path.unlink()
    return folder


@pytest.mark.slow
def test_checkpoints_hold_the_measurements_of_single_images(tmp_path: Path, tiny_config: Path) -> None:
    """Also without the images: a checkpoint degrades as the model did, and resumed equals straight."""
    hr, real = sharp_squares(tmp_path / "sharp", 400), noisy_jpegs(tmp_path / "mine")

    def run(name: str, iterations: int, resume: bool = False) -> Any:
        parts: dict[str, Any] = {
            "model.translator": dict(
                type="CameraDegradation", per_image=True, bank=True, compressed=True, _delete_=True
            ),
            "custom_hooks": [dict(type="StageHook", stages=[dict(name="joint")])],
            "experiment_name": f"{tmp_path.name}_{name}_{iterations}",
            "default_hooks.checkpoint.interval": 2,
        }
        return train(str(tiny_config), work_dir=str(tmp_path / name), folders=(str(hr), str(real)), device="cpu",
                     iterations=iterations, resume=resume, options=parts)  # fmt: skip

    runner = run("straight", 4)
    assert "noise" not in runner.cfg.model.translator
    assert len(runner.model.translator.get_submodule("generators.to_real.noise").levels) == 3
    shutil.copytree(tmp_path / "straight", tmp_path / "resumed")
    (tmp_path / "resumed" / "iter_4.pth").unlink()
    run("resumed", 4, resume=True)
    straight, resumed = (read_checkpoint(tmp_path / name / "iter_4.pth") for name in ("straight", "resumed"))
    for key, value in straight["state_dict"].items():
        assert torch.equal(value, resumed["state_dict"][key]), key
    shutil.rmtree(real)
    made, syn = [], torch.rand(2, 3, 24, 24)
    for degrade in (runner.model.translator.degrade, load_degradation(tmp_path / "straight" / "iter_4.pth")):
        torch.manual_seed(0)
        made.append(degrade(syn))
    assert torch.equal(*made)
