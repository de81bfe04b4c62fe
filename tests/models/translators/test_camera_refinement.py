"""CameraDegradation with ``refine``: starts as measured, learns from a discriminator, and is held."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from test_camera_degradation import sharp_squares
from torch import Tensor

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.degradations.camera import FREQUENCIES, CompressionMeasurement, mtf_of_kernel
from cyclesr.engine.launch import train
from cyclesr.errors import UserError
from cyclesr.inference.translator import load_degradation
from cyclesr.models.translators import CameraDegradation
from cyclesr.models.translators.camera.drawn_camera import DrawnCamera
from cyclesr.models.translators.camera.refinement import KNOTS, Refinement

BLUR = np.exp(-((FREQUENCIES / 0.3) ** 2))
QUIET: dict[str, Any] = dict(mtf=list(BLUR), noise=[(0.02, 0.0)], unexplained=(0.0, 0.0), texture=0.0)


def refined(**options: Any) -> CameraDegradation:
    torch.manual_seed(0)
    return CameraDegradation(**{**QUIET, "refine": dict(discriminator=dict(channels=8)), **options})


def corrections(translator: CameraDegradation) -> Refinement:
    return cast(Refinement, cast(DrawnCamera, translator.generators["to_real"]).refinement)


def images() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    syn, real = torch.rand(2, 4, 3, 32, 32, generator=generator)
    return syn, real


def test_it_starts_as_measured() -> None:
    syn, _ = images()
    made = []
    for translator in (refined(noise=()), CameraDegradation(**{**QUIET, "noise": ()})):
        made.append(translator.degrade(syn).detach())
    assert (made[0] - made[1]).abs().max() < 1.01 / 255
    assert corrections(refined()).penalty() == 0


def test_gains_multiply_the_mtf_and_the_level_the_noise() -> None:
    translator = refined()
    refinement = corrections(translator)
    logs = np.array([0.1, 0.2, 0.0, -0.2, -0.5])
    with torch.no_grad():
        refinement.log_gains.copy_(torch.from_numpy(logs))
        refinement.log_level.fill_(np.log(2))
    expected = np.exp(np.interp(FREQUENCIES, (0, *KNOTS), (0, *logs)))
    np.testing.assert_allclose(mtf_of_kernel(refinement.kernel().detach()), expected, atol=0.03)
    flat = torch.full((16, 3, 64, 64), 0.5)
    assert (translator.degrade(flat) - 0.5).std().item() == pytest.approx(0.04, rel=0.02)
    spreads = np.array([0.1] * 5 + [0.2])
    penalty = 0.1 * np.mean((np.array([*logs, np.log(2)]) / spreads) ** 2)
    assert refinement.penalty().item() == pytest.approx(penalty, rel=1e-5)


@pytest.mark.parametrize("noise", [[(0.02, 0.0)], []])
def test_losses_reach_the_corrections_and_the_discriminator_separately(noise: Any) -> None:
    """Also without any noise, whose standard deviation has no derivative at 0."""
    translator, (syn, real) = refined(noise=noise), images()
    t = translator.translate(syn, real)
    losses = translator.generator_losses(syn, real, t)
    assert losses.keys() == {"loss_adv_real", "loss_hold"}
    learned = list(translator.generators.parameters())
    assert {tuple(parameter.shape) for parameter in learned} == {(5,), (1,)}
    gradients = torch.autograd.grad(sum(losses.values()), learned, retain_graph=True)  # type: ignore[arg-type]
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    assert gradients[0].abs().min() > 0
    sum(translator.discriminator_losses(syn, real, t).values()).backward()  # type: ignore[union-attr]
    assert all(parameter.grad is None for parameter in learned)
    assert all(parameter.grad is not None for parameter in translator.discriminators.parameters())
    assert not translator.fake_real_for_sr(t).requires_grad


def test_rounding_and_compression_pass_gradients() -> None:
    translator, (syn, _) = refined(noise=(), compressed=True), images()
    to_real = cast(DrawnCamera, translator.generators["to_real"])
    to_real.noise.fill(levels=torch.zeros(1, 2))
    assert to_real.compression is not None
    to_real.compression.measure([CompressionMeasurement("pixels", 40, "4:2:0")])
    made = translator.degrade(syn)
    torch.testing.assert_close(made, (255 * made).round() / 255)
    assert (made - refined(noise=()).degrade(syn)).abs().mean() > 0.02  # it was compressed
    (gradient,) = torch.autograd.grad(made.square().mean(), [corrections(translator).log_gains])
    assert gradient.abs().min() > 0


def test_the_noise_level_follows_real_images() -> None:
    """Real images with three times the noise that was measured."""
    translator = refined(refine=dict(hold_weight=0.0, discriminator=dict(channels=8)))
    rates = ((translator.generators, 0.05), (translator.discriminators, 0.005))
    g, d = (torch.optim.Adam(part.parameters(), rate, betas=(0.5, 0.99)) for part, rate in rates)
    syn = torch.full((8, 3, 24, 24), 0.5)
    for _ in range(40):
        real = syn + 0.06 * torch.randn_like(syn)
        t = translator.translate(syn, real)
        for optimizer, losses in (
            (g, translator.generator_losses(syn, real, t)),
            (d, translator.discriminator_losses(syn, real, t)),
        ):
            optimizer.zero_grad()
            torch.stack(list(losses.values())).sum().backward()
            optimizer.step()
    assert corrections(translator).level().item() > 1.5


def test_unknown_options_are_refused() -> None:
    with pytest.raises(UserError, match="no 'hold'"):
        refined(refine=dict(hold=1.0))


@pytest.mark.slow
def test_training_moves_the_corrections_and_checkpoints_hold_them(tmp_path: Path, tiny_config: Path) -> None:
    hr, real = sharp_squares(tmp_path / "sharp", 400), sharp_squares(tmp_path / "mine", 240)
    parts: dict[str, Any] = {
        "model.translator": dict(type="CameraDegradation", refine=dict(discriminator=dict(channels=8)), _delete_=True),
        "custom_hooks": [dict(type="StageHook", stages=[dict(name="translation", iters=1), dict(name="joint")])],
        "experiment_name": tmp_path.name,
    }
    runner = train(str(tiny_config), work_dir=str(tmp_path / "run"), folders=(str(hr), str(real)), iterations=3,
                   device="cpu", options=parts)  # fmt: skip
    assert len(runner.cfg.model.translator.refine.gain_spread) == 5
    assert set(runner.optim_wrapper.keys()) == {"generators", "discriminators", "sr"}
    learned = corrections(runner.model.translator)
    assert learned.log_gains.abs().min() > 0
    path = tmp_path / "run" / "iter_3.pth"
    state = read_checkpoint(path)["state_dict"]
    assert torch.equal(state["translator.generators.to_real.refinement.log_gains"], learned.log_gains)
    loaded = cast(CameraDegradation, load_degradation(path).translator)
    assert torch.equal(corrections(loaded).log_gains, learned.log_gains)
