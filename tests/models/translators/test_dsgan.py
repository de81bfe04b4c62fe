"""DSGAN: what each loss sees of the images, by hand."""

import inspect
import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.translators import DSGAN
from cyclesr.registry import LOSSES


def build(**options: Any) -> DSGAN:
    torch.manual_seed(0)
    norm = dict(channels=8, num_layers=2, norm="instance")
    return DSGAN(**{**DSGAN.TINY, "discriminator": norm, **options}).double()


def images() -> list[Tensor]:
    return list(torch.rand(2, 2, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))


def test_default_weights_are_the_papers() -> None:
    names = ("adversarial", "adversarial_weight", "colour_weight", "window", "perceptual")
    parameters = inspect.signature(DSGAN).parameters
    assert [parameters[name].default for name in names] == ["vanilla", 0.005, 1.0, 5, None]


def test_losses_by_hand() -> None:
    translator, (syn, real) = build(), images()
    judge = translator.discriminators["real"]
    t = translator.translate(syn, real)
    assert (t.fake_syn, t.rec_syn, t.rec_real) == (None, None, None)
    losses = translator.generator_losses(syn, real, t)
    p_fake = torch.sigmoid(judge(t.fake_real))
    box = torch.full((3, 1, 5, 5), 1 / 25, dtype=torch.float64)
    low = [F.conv2d(image, box, groups=3) for image in (t.fake_real, syn)]
    expected = dict(
        loss_adv_real=0.005 * -p_fake.log().mean().item(), loss_colour_real=(low[0] - low[1]).abs().mean().item()
    )
    assert {name: loss.item() for name, loss in losses.items()} == pytest.approx(expected, rel=1e-9)
    judged = translator.discriminator_losses(syn, real, t)
    by_hand = -(torch.sigmoid(judge(real)).log().mean() + (1 - p_fake).log().mean())
    assert list(judged) == ["loss_disc_real"]
    assert judged["loss_disc_real"].item() == pytest.approx(by_hand.item(), rel=1e-9)


def test_each_loss_is_blind_to_the_others_frequencies() -> None:
    translator, (syn, real) = build(window=4 + 1), images()
    t = translator.translate(syn, real)
    before = translator.generator_losses(syn, real, t)
    warmer = translator.generator_losses(syn, real, t._replace(fake_real=t.fake_real + 0.1))
    assert warmer["loss_adv_real"].item() == pytest.approx(before["loss_adv_real"].item(), rel=1e-9)
    checks = 0.1 * torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(8)
    striped = translator.generator_losses(syn, real, t._replace(fake_real=syn + checks))
    assert striped["loss_colour_real"].item() == pytest.approx(0.1 / 5, rel=1e-6)  # one of five columns is left over
    assert striped["loss_adv_real"].item() != pytest.approx(before["loss_adv_real"].item(), rel=1e-4)


@LOSSES.register_module(force=True)
class LargestDifference(nn.Module):
    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        return self.weight * (sr - hr).abs().max()


def test_a_perceptual_loss_holds_the_image_to_syn() -> None:
    translator, (syn, real) = build(perceptual=dict(type="LargestDifference", weight=0.01)), images()
    t = translator.translate(syn, real)
    loss = translator.generator_losses(syn, real, t)["loss_perceptual_real"]
    assert loss.item() == pytest.approx(0.01 * (t.fake_real - syn).abs().max().item())


def test_a_fooled_discriminator_costs_nothing() -> None:
    translator, (syn, real) = build(), images()
    with torch.no_grad():
        last = translator.discriminators["real"].layers[-1]
        last.weight.zero_()
        last.bias.fill_(30.0)
    t = translator.translate(syn, real)
    assert translator.generator_losses(syn, real, t)["loss_adv_real"].item() == pytest.approx(0.0, abs=1e-12)
    assert translator.discriminator_losses(syn, real, t)["loss_disc_real"].item() == pytest.approx(30.0, rel=1e-6)
    with torch.no_grad():
        last.bias.zero_()
    undecided = translator.generator_losses(syn, real, t)["loss_adv_real"].item()
    assert undecided == pytest.approx(0.005 * math.log(2), rel=1e-9)


def test_its_discriminator_has_the_window_and_the_published_size() -> None:
    judge = DSGAN(window=9).discriminators["real"]
    assert judge.view.high_pass == 9
    kernels = [tuple(m.weight.shape) for m in judge.modules() if isinstance(m, nn.Conv2d)]
    assert kernels == [(64, 3, 5, 5), (128, 64, 5, 5), (256, 128, 5, 5), (1, 256, 1, 1)]
    other = DSGAN(discriminator=dict(type="PatchDiscriminator", channels=4, num_layers=1)).discriminators["real"]
    assert (type(other).__name__, other.view.high_pass) == ("PatchDiscriminator", 5)
    with pytest.raises(UserError, match="set window, not high_pass"):
        build(discriminator=dict(high_pass=7))
