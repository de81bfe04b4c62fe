"""UnexplainedNoise: its level, its gradient, and who sees it."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from test_collaborative import batch, build, moved_parts, weights
from torch import Tensor

from cyclesr.engine.loop import train_step
from cyclesr.errors import UserError
from cyclesr.models.stages import Stage
from cyclesr.models.unexplained_noise import UnexplainedNoise

RULES = pytest.mark.parametrize("optimisation", ["joint", "alternating"])


@pytest.mark.parametrize("channels", [1, 3])
def test_the_deviation_is_that_of_the_level_and_the_local_contrast(channels: int) -> None:
    torch.manual_seed(0)
    image = torch.rand(1, channels, 9, 9, dtype=torch.float64)
    noise = UnexplainedNoise(level=(2.0, 2.0), texture=0.5)(image.expand(20000, -1, -1, -1)) - image
    window = image[0, :, 2:7, 2:7].numpy() * 255
    expected = np.sqrt(2.0**2 + 0.5**2 * window.var((1, 2)).mean())
    assert 255 * noise[:, :, 4, 4].std().item() == pytest.approx(expected, rel=0.02)
    assert 255 * noise[:, :, 4, 4].mean().item() == pytest.approx(0, abs=0.04 * expected)


def test_each_image_draws_its_level() -> None:
    torch.manual_seed(0)
    noise = UnexplainedNoise(level=(1.0, 5.0), texture=0.0)(torch.full((400, 3, 40, 40), 0.5)) - 0.5
    levels = 255 * noise.flatten(1).std(1)
    assert levels.min() == pytest.approx(1, abs=0.1)
    assert levels.max() == pytest.approx(5, abs=0.1)
    assert levels.mean() == pytest.approx(3, abs=0.2)


def test_gradients_pass_unchanged() -> None:
    image = torch.rand(2, 3, 8, 8, requires_grad=True)
    slope = torch.rand(2, 3, 8, 8)
    UnexplainedNoise()(image).backward(slope)
    torch.testing.assert_close(image.grad, slope)


def step(model: Any, optimizers: Any, data: dict[str, Tensor]) -> dict[str, Tensor]:
    torch.manual_seed(3)
    return train_step(model, data, optimizers)


@RULES
def test_only_the_sr_network_sees_it(optimisation: str) -> None:
    clean, clean_optimizers = build(optimisation=optimisation)
    noisy, optimizers = build(optimisation=optimisation, unexplained=dict(level=(20.0, 20.0)))
    seen: list[Tensor] = []
    noisy.sr.register_forward_pre_hook(lambda _, args: seen.append(args[0].detach()))
    data, fake_real = batch(), noisy.translator.degrade(noisy.degradation(batch()["hr"])).detach()
    before = weights(noisy)
    expected, losses = step(clean, clean_optimizers, data), step(noisy, optimizers, data)
    assert 15 < 255 * (seen[0] - fake_real).std() < 40
    for name in ("loss_adv", "loss_cycle", "loss_disc"):
        torch.testing.assert_close(losses[name], expected[name])
    oracle = build()[0]
    torch.manual_seed(3)
    sr_loss = 100 * F.mse_loss(oracle.sr(noisy.unexplained(fake_real)), data["hr"])
    torch.testing.assert_close(losses["loss_sr"], sr_loss)
    assert moved_parts(before, weights(noisy)) == {"generators", "discriminators", "sr"}


def test_the_stage_on_bicubic_pairs_is_without_it() -> None:
    clean, clean_optimizers = build()
    noisy, optimizers = build(unexplained=dict(level=(20.0, 20.0)))
    clean.stage = noisy.stage = Stage.SR
    expected, losses = step(clean, clean_optimizers, batch()), step(noisy, optimizers, batch())
    torch.testing.assert_close(losses, expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    "wrong", [dict(level=(2.0, 1.0)), dict(level=(-1.0, 1.0)), dict(texture=-0.1)], ids=["order", "level", "texture"]
)
def test_impossible_levels_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="negative"):
        UnexplainedNoise(**wrong)
