"""Bulat et al.: each loss, what it reaches, and its place in the collaborative step."""

from typing import Any

import pytest
import torch
from torch import Tensor

from cyclesr.degradations.bicubic import Bicubic
from cyclesr.models.collaborative import CollaborativeSR
from cyclesr.models.stages import Stage
from cyclesr.models.translators import Bulat
from cyclesr.optim.parts import PartOptimizersConstructor


def build(**kwargs: Any) -> Bulat:
    torch.manual_seed(0)
    return Bulat(**{**Bulat.TINY, "pool_size": 0, **kwargs})


def images() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    syn, real = torch.rand(2, 2, 3, 16, 16, generator=generator)
    return torch.rand(2, 3, 64, 64, generator=generator), syn, real


def test_losses_by_hand() -> None:
    translator = build(adversarial_weight=2.0, pixel_weight=3.0)
    hr, syn, real = images()
    t = translator.translate(hr, real)
    assert t.fake_real.shape == real.shape
    assert (t.fake_syn, t.rec_syn, t.rec_real) == (None, None, None)
    judge = translator.discriminators["real"]
    losses = translator.generator_losses(syn, real, t)
    assert losses.keys() == {"loss_adv_real", "loss_pixel_real"}
    assert losses["loss_adv_real"].item() == pytest.approx(2 * (judge(t.fake_real) - 1).square().mean().item())
    assert losses["loss_pixel_real"].item() == pytest.approx(3 * (t.fake_real - syn).square().mean().item())
    judged = translator.discriminator_losses(syn, real, t)
    expected = 0.5 * ((judge(real) - 1).square().mean() + judge(t.fake_real).square().mean())
    assert list(judged) == ["loss_disc_real"]
    assert judged["loss_disc_real"].item() == pytest.approx(expected.item())


def test_losses_reach_all_of_their_networks_and_no_other() -> None:
    translator = build(r1_weight=1.0)
    hr, syn, real = images()
    t = translator.translate(hr, real)
    sum(translator.generator_losses(syn, real, t).values()).backward(inputs=list(translator.generators.parameters()))
    assert [n for n, p in translator.generators.named_parameters() if p.grad is None] == []
    translator.zero_grad()
    losses = translator.discriminator_losses(syn, real, t)
    assert losses.keys() == {"loss_disc_real", "loss_r1_real"}
    sum(losses.values()).backward()
    assert [n for n, p in translator.discriminators.named_parameters() if p.grad is None] == []
    assert [n for n, p in translator.generators.named_parameters() if p.grad is not None] == []


def test_no_pixel_loss_without_weight() -> None:
    translator = build(pixel_weight=0.0)
    hr, syn, real = images()
    assert list(translator.generator_losses(syn, real, translator.translate(hr, real))) == ["loss_adv_real"]


def test_the_pool_keeps_fakes_for_the_discriminator() -> None:
    translator = build(pool_size=4)
    hr, syn, real = images()
    t = translator.translate(hr, real)
    translator.discriminator_losses(syn, real, t)
    assert torch.equal(translator.pool.images, t.fake_real.detach())


def test_free_noise_hides_the_noise_from_the_feedback_alone() -> None:
    translator = build(free_noise=True, noise_channels=1)
    hr, syn, real = images()
    t = translator.translate(hr, real)
    held = translator.fake_real_for_sr(t)
    assert torch.allclose(held, t.fake_real, atol=1e-6)
    noise = translator.generators["to_real"].features[0].weight  # its last input channel is the noise
    (feedback,) = torch.autograd.grad(held.sum(), noise, retain_graph=True)
    assert feedback[:, -1].abs().max() == 0
    assert feedback[:, :3].abs().max() > 0
    losses = translator.generator_losses(syn, real, t)
    for name in ("loss_pixel_real", "loss_adv_real"):
        (gradient,) = torch.autograd.grad(losses[name], noise, retain_graph=True)
        assert gradient[:, -1].abs().max() > 0


def test_degrade_downsamples_with_fresh_noise_and_starts_bicubic_where_residual() -> None:
    hr, _, _ = images()
    noisy = build()
    assert noisy.degrade(hr).shape == (2, 3, 16, 16)
    assert not torch.equal(noisy.degrade(hr), noisy.degrade(hr))
    certain = build(noise_channels=0, residual=True)
    assert torch.equal(certain.degrade(hr), Bicubic(4)(hr))


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("optimisation", ["alternating", "joint"])
def test_steps_in_every_stage_of_the_collaborative_model(stage: Stage, optimisation: str) -> None:
    torch.manual_seed(0)
    model = CollaborativeSR(
        degradation=dict(type="Bicubic", scale=4),
        translator=dict(type="Bulat", **Bulat.TINY),
        sr=dict(type="EDSR", scale=4, channels=4, num_blocks=1),
        sr_loss=dict(type="MSELoss", weight=100.0),
        feedback_weight=100.0,
        optimisation=optimisation,
    )
    parts = PartOptimizersConstructor(
        {name: dict(optimizer=dict(type="SGD", lr=1e-3)) for name in ("generators", "discriminators", "sr")}
    )(model)
    hr, _, real = images()
    model.stage = stage
    before = {name: p.clone() for name, p in model.named_parameters()}
    losses = model.train_step(dict(hr=hr, real=real), parts)
    changed = [name for name, p in model.named_parameters() if not torch.equal(p, before[name])]
    moved = {name.removeprefix("translator.").split(".")[0] for name in changed}
    translator = {"generators", "discriminators"} if stage.trains_translator else set()
    assert moved == translator | ({"sr"} if stage is not Stage.TRANSLATION else set())
    assert all(torch.isfinite(loss) for loss in losses.values())


def test_the_feedback_of_the_sr_network_reaches_g1() -> None:
    translator = build()
    hr, _, real = images()
    sr = torch.nn.functional.interpolate(translator.fake_real_for_sr(translator.translate(hr, real)), scale_factor=4)
    (sr - hr).square().mean().backward()
    assert [n for n, p in translator.generators.named_parameters() if p.grad is None] == []


def test_previews_show_what_g1_makes_of_hr() -> None:
    model = CollaborativeSR(
        degradation=dict(type="Bicubic", scale=4),
        translator=dict(type="Bulat", **Bulat.TINY),
        sr=dict(type="EDSR", scale=4, channels=4, num_blocks=1),
        sr_loss=dict(type="MSELoss"),
    )
    hr, _, real = images()
    shown = model.preview(dict(hr=hr, real=real))
    assert shown["fake_real"].shape == shown["syn"].shape == (1, 3, 16, 16)
    assert shown["sr"].shape == shown["hr"].shape == (1, 3, 64, 64)
