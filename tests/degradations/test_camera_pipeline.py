"""A simulated camera: its linear part is the MTF that was asked for, its noise is denoised and has grain."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cyclesr.degradations.blur import Blur
from cyclesr.degradations.camera.kernel import kernel_from_mtf
from cyclesr.degradations.camera.noise import measure_noise
from cyclesr.degradations.camera.pipeline import CAMERAS, draw_settings, photograph
from cyclesr.errors import UserError


@pytest.mark.parametrize("camera", CAMERAS)
def test_without_noise_a_camera_is_its_mtf(camera: str) -> None:
    random = np.random.default_rng(0)
    settings = replace(draw_settings(camera, random), read=0.0, shot=0.0, denoising=0.0, colour_denoising=0.0)
    ideal = torch.from_numpy(random.uniform(0.35, 0.65, (3, 60, 70)))
    expected = Blur(kernel_from_mtf(np.array(settings.mtf)))(ideal[None])[0]
    inside = (..., slice(16, -16), slice(16, -16))
    error = (photograph(ideal, settings, random) - expected)[inside]
    assert error.std() < 0.05 * (ideal - expected)[inside].std()


def test_noise_is_denoised_and_has_colour_and_grain() -> None:
    settings = replace(draw_settings("phone", np.random.default_rng(1)), read=0.004, shot=1e-3)
    wall = torch.full((3, 200, 240), 0.4)

    def noise_of(**changes: float) -> np.ndarray:
        taken = photograph(wall, replace(settings, **changes), np.random.default_rng(2))
        return taken.numpy().transpose(1, 2, 0)

    raw, denoised = noise_of(denoising=0.0, colour_denoising=0.0), noise_of()
    assert denoised.std() < 0.5 * raw.std()
    found = measure_noise(raw)
    assert found.spectrum[4] > 2 > 0.5 > found.spectrum[24]  # coarser than white noise
    assert found.std[0][0] > 1.2 * found.std[0][1]  # red is amplified more than green
    np.testing.assert_allclose(raw.mean((0, 1)), 0.4, atol=0.01)


def test_settings_follow_the_seed_and_vary() -> None:
    first, again, other = (draw_settings("phone", np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first == again != other
    drawn = [draw_settings("phone", np.random.default_rng(seed)) for seed in range(40)]
    middle = np.median([one.mtf for one in drawn], 0)
    np.testing.assert_allclose(middle[[1, 3, 5, 7, 9, 11]], [1.03, 1.11, 1.19, 1.19, 1.05, 0.83], atol=0.05)
    assert len({one.quality for one in drawn}) > 8
    with pytest.raises(UserError, match="phone, dslr"):
        draw_settings("pinhole", np.random.default_rng(0))
