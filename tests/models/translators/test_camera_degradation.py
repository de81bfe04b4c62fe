"""CameraDegradation: what it draws is what was measured."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cyclesr.degradations.camera import FREQUENCIES, kernel_from_mtf, measure_files, mtf_of_kernel
from cyclesr.engine.launch import train
from cyclesr.errors import UserError
from cyclesr.images import to_array, write_image
from cyclesr.inference.translator import load_degradation
from cyclesr.models.translators import CameraDegradation
from cyclesr.models.translators.camera.convolution import convolved
from cyclesr.models.translators.camera.drawn_camera import DrawnCamera
from cyclesr.models.translators.camera.kernels import CameraKernels, displaced
from cyclesr.models.translators.camera.noise import CameraNoise
from cyclesr.models.translators.camera.tables import Draw

SHARPENING = np.exp(-((FREQUENCIES / 0.28) ** 4)) * (1 + 0.25 * np.sin(np.pi * np.clip(FREQUENCIES / 0.28, 0, 1)) ** 2)


def test_kernels_without_variation_have_the_mtf_that_was_asked_for() -> None:
    kernels = CameraKernels(SHARPENING, count=3).kernels
    for kernel in kernels.flatten(0, 1):
        assert kernel.sum().item() == pytest.approx(1, abs=1e-6)
        np.testing.assert_allclose(mtf_of_kernel(kernel), SHARPENING, atol=0.02)


def test_kernels_vary_as_asked_for() -> None:
    exact = mtf_of_kernel(kernel_from_mtf(SHARPENING))
    varied = np.stack([mtf_of_kernel(k) for k in CameraKernels(SHARPENING, gain=0.1).kernels[0]])
    peak = np.argmin(abs(FREQUENCIES - 0.14))
    assert varied[:, peak].mean() == pytest.approx(exact[peak], rel=0.03)
    assert np.log(varied[:, peak]).std() == pytest.approx(0.1, rel=0.3)


def test_a_displaced_kernel_moves_the_image_by_as_much() -> None:
    """A sine wave, whose phase tells its place to a hundredth of a pixel."""
    kernel = displaced(kernel_from_mtf(SHARPENING)[None], torch.tensor([[0.0, 0.3]], dtype=torch.float64))
    x = torch.arange(64, dtype=torch.float64)
    wave = torch.sin(2 * torch.pi * x / 16).expand(1, 1, 64, 64)
    moved = torch.nn.functional.conv2d(wave, kernel.flip(1, 2)[None], padding=7)[0, 0, 32, 8:56]
    phase = torch.angle((moved * torch.exp(-2j * torch.pi * x[8:56] / 16)).sum())
    assert (-(phase + torch.pi / 2) * 16 / (2 * torch.pi)).item() == pytest.approx(0.3, abs=0.01)


def test_each_image_gets_its_own_kernel_by_a_plain_convolution() -> None:
    torch.manual_seed(0)
    drawn = CameraKernels(SHARPENING, displacement=0.5, count=2)
    image = torch.rand(6, 3, 20, 24)
    made = convolved(image, drawn(DrawnCamera(drawn, CameraNoise()).draw(6, image.device)))
    padded = torch.nn.functional.pad(image, [7] * 4, mode="reflect")
    options = [
        torch.stack(
            [
                torch.stack([torch.nn.functional.conv2d(c[None, None], k.flip(0, 1)[None, None])[0, 0] for c in one])
                for one in padded
            ]
        )
        for k in drawn.kernels[0]
    ]
    chosen = [[i for i in range(2) if torch.allclose(made[n], options[i][n], atol=1e-5)] for n in range(6)]
    assert all(len(which) == 1 for which in chosen)
    assert {which[0] for which in chosen} == {0, 1}


def with_noise(noise: CameraNoise, image: torch.Tensor) -> torch.Tensor:
    first = torch.zeros(len(image), dtype=torch.long)
    return noise(image, Draw(first, first), torch.ones(len(image), 1, 1))


def test_noise_has_the_levels_of_the_images_and_what_is_unexplained() -> None:
    torch.manual_seed(0)
    noise = CameraNoise([(0.02, 0.0004)], unexplained=(3.0, 3.0), texture=0.5)  # a flat image has none
    dark, light = (with_noise(noise, torch.full((64, 3, 32, 32), level)) - level for level in (0.0, 1.0))
    assert dark.std().item() == pytest.approx((0.02**2 + (3 / 255) ** 2) ** 0.5, rel=0.01)
    assert light.std().item() == pytest.approx((0.02**2 + 0.0004 + (3 / 255) ** 2) ** 0.5, rel=0.01)


def test_noise_grows_with_contrast() -> None:
    """On stripes of one pixel, whose variance in any window of 5x5 is 0.96 or 1.0 times their own."""
    torch.manual_seed(0)
    stripes = 0.5 + 0.1 * torch.tensor([-1.0, 1.0]).repeat(32).expand(16, 3, 64, 64)
    noise = with_noise(CameraNoise(unexplained=(0.0, 0.0), texture=0.4), stripes) - stripes
    assert noise[..., 2:-2].std().item() == pytest.approx(0.4 * 0.1 * 0.96**0.5, rel=0.01)


def test_noise_grows_with_a_power_of_contrast() -> None:
    torch.manual_seed(0)
    stripes = 0.5 + 0.1 * torch.tensor([-1.0, 1.0]).repeat(32).expand(16, 3, 64, 64)
    growing = CameraNoise(unexplained=(0.0, 0.0), texture=2.0, texture_exponent=0.5)
    noise = with_noise(growing, stripes) - stripes
    contrast = 255 * 0.1 * 0.96**0.5  # the variance of the two columns beside, of 0.96, is that of most windows
    assert 255 * noise[..., 2:-2].std().item() == pytest.approx(2 * contrast**0.5, rel=0.01)


def test_impossible_levels_are_refused() -> None:
    with pytest.raises(UserError, match=r"not be negative.*\(9.0, 3.0\)"):
        CameraNoise(unexplained=(9.0, 3.0))


def test_an_mtf_of_another_length_is_refused() -> None:
    with pytest.raises(UserError, match="26 numbers, found 3 numbers"):
        CameraDegradation(mtf=[1.0, 1.0, 1.0])
    with pytest.raises(UserError, match="found none"):
        CameraDegradation()


def test_colours_stay_as_they_are() -> None:
    torch.manual_seed(0)
    syn = torch.rand(8, 3, 48, 48) * 0.5 + 0.25
    fake_real = CameraDegradation(mtf=list(SHARPENING)).degrade(syn)
    torch.testing.assert_close(fake_real.mean((2, 3)), syn.mean((2, 3)), rtol=0, atol=0.01)
    assert torch.equal(fake_real, (255 * fake_real).round() / 255)


def test_autocast_changes_nothing() -> None:
    """A kernel in bfloat16 would round coarser than an image file does."""
    translator = CameraDegradation(mtf=list(SHARPENING), unexplained=(0.0, 0.0), texture=0.0)
    syn, made = torch.rand(2, 3, 32, 32), []
    for enabled in (False, True):
        torch.manual_seed(0)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            made.append(translator.degrade(syn))
    assert made[1].dtype == torch.float32
    assert torch.equal(*made)


def sharp_squares(folder: Path, side: int, count: int = 3) -> Path:
    """Images with many isolated edges, which the measurement needs."""
    random = np.random.default_rng(0)
    for number in range(count):
        image = np.full((side, side, 3), 0.5)
        for top in range(4, side - 24, 28):
            for left in range(4, side - 24, 28):
                image[top : top + 20, left : left + 20] = random.uniform(0.1, 0.9)
        write_image(folder / f"{number}.png", to_array(torch.from_numpy(image).permute(2, 0, 1)))
    return folder


def test_training_measures_the_folder_and_its_checkpoint_degrades(tmp_path: Path, tiny_config: Path) -> None:
    hr, real = sharp_squares(tmp_path / "sharp", 400), sharp_squares(tmp_path / "mine", 240)
    parts: dict[str, Any] = {
        "model.translator": {"type": "CameraDegradation", "unexplained": (0.0, 0.0), "_delete_": True},
        "custom_hooks": [dict(type="StageHook", stages=[dict(name="joint")])],
        "experiment_name": tmp_path.name,
    }
    runner = train(str(tiny_config), work_dir=str(tmp_path / "run"), folders=(str(hr), str(real)), iterations=2,
                   device="cpu", options=parts)  # fmt: skip
    translator = runner.cfg.model.translator
    np.testing.assert_allclose(translator.mtf, measure_files(sorted(real.iterdir())).mtf, atol=1e-4)
    assert translator.unexplained == (0.0, 0.0)
    assert set(runner.optim_wrapper.keys()) == {"sr"}
    degrade = load_degradation(tmp_path / "run" / "iter_2.pth")
    assert degrade.scale == 4


def test_the_expected_degradation_is_the_mean_over_many_draws() -> None:
    torch.manual_seed(0)
    translator = CameraDegradation(mtf=list(SHARPENING), noise=[(0.01, 0.001)], gain=0.2, displacement=0.5)
    syn = 0.25 + 0.5 * torch.rand(1, 3, 24, 24)
    mean = torch.stack([translator.degrade(syn.expand(64, -1, -1, -1)).mean(0) for _ in range(60)]).mean(0)
    assert (translator.degrade(syn) - mean).abs().mean() > 0.02
    torch.testing.assert_close(translator.expected(syn)[0], mean, rtol=0, atol=0.006)
