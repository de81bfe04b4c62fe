"""free_noise: the feedback of the SR network says nothing on how strong G1's noise is."""

import pytest
import torch
from torch import Tensor

from cyclesr.errors import UserError
from cyclesr.models.translators.base import Translator, straight_through
from cyclesr.registry import TRANSLATORS

GENERATOR = dict(channels=6, num_blocks=0, num_down=0, head_kernel=3, tail_kernel=3, norm="none", init="default")
DISCRIMINATOR = dict(type="PatchDiscriminator", channels=6, num_layers=1)
KINDS = ("CycleGAN", "UNIT")


def build(kind: str, **options: object) -> Translator:
    torch.manual_seed(0)
    config = dict(type=kind, generator=GENERATOR, discriminator=DISCRIMINATOR, noise_channels=1, **options)
    return TRANSLATORS.build(config | ({"latent_noise": False} if kind == "UNIT" else {})).double()


def noise_gradient(translator: Translator, loss: Tensor) -> float:
    """How strongly a loss pulls at the weights that the noise passes first."""
    to_real = translator.generators["to_real"]
    if hasattr(to_real, "decoder"):
        (weight,), channels = to_real.decoder.noise.parameters(), slice(None)
    else:
        weight, channels = to_real.features[0].weight, slice(3, None)
    (gradient,) = torch.autograd.grad(loss, weight, retain_graph=True, allow_unused=True)
    return 0.0 if gradient is None else gradient[:, channels].abs().max().item()


def images() -> list[Tensor]:
    torch.manual_seed(1)
    return list(torch.rand(2, 2, 3, 16, 16, dtype=torch.float64))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("free", [False, True])
def test_who_pulls_at_the_noise(kind: str, free: bool) -> None:
    translator, (syn, real) = build(kind, free_noise=free), images()
    t = translator.translate(syn, real)
    losses = translator.generator_losses(syn, real, t)
    losses["loss_feedback"] = translator.fake_real_for_sr(t).square().mean()
    pulled = {name for name, loss in losses.items() if noise_gradient(translator, loss) > 1e-12}
    assert {"loss_adv_real", "loss_cycle_real"} <= pulled
    assert ("loss_feedback" in pulled) != free


@pytest.mark.parametrize("kind", KINDS)
def test_the_sr_network_sees_the_noise_and_the_gradient_is_that_of_the_quiet_image(kind: str) -> None:
    translator, (syn, real) = build(kind, free_noise=True), images()
    t = translator.translate(syn, real)
    held, quiet = translator.fake_real_for_sr(t), t.extra["quiet_real"]
    torch.testing.assert_close(held, t.fake_real, rtol=0, atol=1e-15)
    assert (t.fake_real - quiet).abs().max() > 1e-3
    weights = [p for p in translator.generators["to_real"].parameters() if p.shape[0] == 3]
    direction = torch.rand_like(held)
    got = torch.autograd.grad((held * direction).sum(), weights, retain_graph=True)
    torch.testing.assert_close(got, torch.autograd.grad((quiet * direction).sum(), weights))


@pytest.mark.parametrize("kind", KINDS)
def test_noise_must_be_there_to_be_freed(kind: str) -> None:
    with pytest.raises(UserError, match=r"free_noise=True needs .* noise_channels=0"):
        TRANSLATORS.build(dict(type=kind, free_noise=True))


def test_straight_through() -> None:
    value, path = torch.tensor(3.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
    result = straight_through(2 * value, 7 * path)
    assert result.item() == 6.0
    result.backward()
    assert (value.grad, path.grad) == (None, torch.tensor(7.0))
