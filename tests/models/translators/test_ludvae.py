"""LUD-VAE: its losses by hand, what each of them moves, and the schedule of the KL divergence's weight."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor

from cyclesr.errors import UserError
from cyclesr.models.translators import LUDVAE


def build(**options: Any) -> LUDVAE:
    torch.manual_seed(0)
    return LUDVAE(**{**LUDVAE.TINY, **options})


def images() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    syn, real = torch.rand(2, 2, 3, 9, 11, generator=generator)
    return syn, real


def losses_of(translator: LUDVAE) -> dict[str, Tensor]:
    syn, real = images()
    torch.manual_seed(2)
    return translator.generator_losses(syn, real, translator.translate(syn, real))


def test_losses_by_hand() -> None:
    translator = build(reconstruction_weight=dict(syn=2.0, real=3.0), kl_weight=0.5, kl_warmup=0)
    syn, real = images()
    torch.manual_seed(2)
    t = translator.translate(syn, real)
    losses = translator.generator_losses(syn, real, t)
    assert {name: loss.item() for name, loss in losses.items()} == dict(
        loss_kl_real=pytest.approx(0.5 * kl_by_hand(translator, real), rel=1e-4),
        loss_reconstruction_syn=pytest.approx(2 * (t.extra["same_syn"] - syn).square().mean().item()),
        loss_reconstruction_real=pytest.approx(3 * (t.extra["same_real"] - real).square().mean().item()),
    )


def kl_by_hand(translator: LUDVAE, real: Tensor) -> float:
    """The divergences of both levels for each value of ``real``, with the noise that the translator draws first."""
    vae = translator.generators["to_real"]
    torch.manual_seed(2)
    low, high = vae.content(real + 3 / 255 * torch.randn_like(real))
    seen_low, seen_high = vae.degradation(real)
    top, bottom = vae.levels
    total = 0.0
    mean, log_deviation = top.posterior(seen_high).chunk(2, dim=1)
    total += (-log_deviation + (log_deviation.exp() ** 2 + mean**2 - 1) / 2).sum().item()
    x = top.with_latent(torch.cat([high, mean + log_deviation.exp() * torch.randn_like(mean)], dim=1))
    x = bottom.with_content(torch.cat([bottom.block(x), low], dim=1))
    prior_mean, prior_log = bottom.prior(x).chunk(2, dim=1)
    mean, log_deviation = bottom.posterior(bottom.with_degradation(torch.cat([x, seen_low], dim=1))).chunk(2, dim=1)
    spread = (log_deviation.exp() ** 2 + (mean - prior_mean) ** 2) / (2 * prior_log.exp() ** 2)
    total += (prior_log - log_deviation + spread - 0.5).sum().item()
    return total / real.numel()


def moved(translator: LUDVAE, loss: Tensor) -> set[str]:
    """Returns which parts of the autoencoder a loss moves."""
    translator.zero_grad()
    loss.backward(retain_graph=True)
    names = (n for n, p in translator.generators["to_real"].named_parameters() if p.grad is not None and p.grad.any())
    return {name.split(".")[2 if name.startswith("levels") else 0] for name in names}


def test_only_real_images_train_what_describes_a_degradation() -> None:
    losses = losses_of(translator := build(kl_warmup=0))
    shared = {"content", "tail", "block", "with_content", "with_latent"}
    described = {"degradation", "posterior", "with_degradation"}
    assert moved(translator, losses["loss_reconstruction_syn"]) == shared
    assert moved(translator, losses["loss_reconstruction_real"]) == shared | described
    assert moved(translator, losses["loss_kl_real"]) == shared - {"tail"} | described | {"prior"}


def test_the_weight_of_the_divergence_rises_with_the_pairs_seen_and_goes_on_from_a_checkpoint() -> None:
    translator = build(kl_weight=1.0, kl_warmup=8)
    full = losses_of(build(kl_weight=1.0, kl_warmup=0))["loss_kl_real"].item()
    weights = [losses_of(translator)["loss_kl_real"].item() / full for _ in range(2)]
    resumed = build(kl_weight=1.0, kl_warmup=8)
    resumed.load_state_dict(copy.deepcopy(translator.state_dict()))
    weights += [losses_of(resumed)["loss_kl_real"].item() / full for _ in range(3)]
    assert weights == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])


def test_content_is_encoded_in_the_noise_of_its_domain() -> None:
    syn, real = images()
    seen = {}
    for hidden in (dict(syn=0.0, real=0.0), dict(syn=51.0, real=25.5)):
        translator = build(hidden=hidden)
        content = translator.generators["to_real"].content
        shown: list[Tensor] = []
        content.register_forward_pre_hook(lambda _, given, shown=shown: shown.append(given[0]))
        translator.translate(syn, real)
        seen[hidden["syn"]] = shown
    for image, still, noisy, level in zip((real, syn, syn), seen[0.0], seen[51.0], (0.1, 0.2, 0.2), strict=True):
        assert torch.equal(still, image)
        assert (noisy - image).std().item() == pytest.approx(level, rel=0.15)


def test_latents_are_drawn_anew_and_their_temperature_scales_them() -> None:
    syn, _ = images()
    still, warm = build(hidden=0.0, temperature=0.0), build(hidden=0.0)
    assert torch.equal(still.degrade(syn), still.degrade(syn))
    assert not torch.equal(warm.degrade(syn), warm.degrade(syn))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(levels=0), "levels=0"),
        (dict(hidden=-1.0), "hidden.*-1"),
        (dict(hidden=dict(syn=1.0)), "hidden.*syn"),
        (dict(low_frequency_lock=4), "low_frequency_lock.*found 4"),
    ],
)
def test_mistakes_are_named(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build(**options)
