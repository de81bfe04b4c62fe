"""CycleGAN and UNIT: what each loss is, what it reaches, and what the options do."""

import copy
import inspect
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.translators import UNIT, CycleGAN, Translation, Translator
from cyclesr.registry import TRANSLATORS

CYCLEGAN = dict(
    type="CycleGAN",
    generator=dict(channels=4, num_blocks=1, num_down=1),
    discriminator=dict(channels=4, num_layers=1),
    pool_size=4,
)
UNIT_ = dict(
    type="UNIT",
    generator=dict(channels=4, num_blocks=2, num_down=1),
    discriminator=dict(channels=4, num_layers=2, num_scales=2),
)
BOTH = pytest.mark.parametrize("config", [CYCLEGAN, UNIT_], ids=["CycleGAN", "UNIT"])


def build(config: dict[str, Any], **kwargs: Any) -> Translator:
    torch.manual_seed(0)
    return TRANSLATORS.build({**copy.deepcopy(config), **kwargs})


def images(size: tuple[int, int] = (16, 16), dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    syn, real = torch.rand(2, 2, 3, *size, generator=generator, dtype=dtype)
    return syn, real


def step(translator: Translator, syn: Tensor, real: Tensor, seed: int = 2) -> tuple[Translation, dict[str, Tensor]]:
    torch.manual_seed(seed)
    t = translator.translate(syn, real)
    return t, translator.generator_losses(syn, real, t)


def wake(translator: Translator) -> Translator:
    """Moves every generator weight a little, so that zero-initialised layers do something."""
    with torch.no_grad():
        for p in translator.generators.parameters():
            p += 0.05 * torch.randn_like(p)
    return translator


@BOTH
@pytest.mark.parametrize("size", [(16, 16), (13, 18), (17, 15)])
@pytest.mark.parametrize("options", [{}, dict(residual=True, noise_channels=2)], ids=["paper", "options"])
def test_every_image_keeps_its_size(config: dict, size: tuple[int, int], options: dict) -> None:
    translator = build(config, **options)
    syn, real = images(size)
    t, losses = step(translator, syn, real)
    assert [image.shape for image in t[:4]] == [syn.shape] * 4
    assert translator.degrade(syn[:, :, :5, :3]).shape == (2, 3, 5, 3)
    assert all(loss.shape == () and name.startswith("loss_") for name, loss in losses.items())


@BOTH
@pytest.mark.parametrize("options", [{}, dict(noise_channels=1), dict(r1_weight=1.0)], ids=["paper", "noise", "r1"])
def test_losses_reach_all_of_their_networks_and_no_other(config: dict, options: dict) -> None:
    translator = build(config, **options)
    syn, real = images()
    t, losses = step(translator, syn, real)
    sum(losses.values()).backward(inputs=list(translator.generators.parameters()))
    assert [n for n, p in translator.generators.named_parameters() if p.grad is None] == []
    translator.zero_grad()
    sum(translator.discriminator_losses(syn, real, t).values()).backward()
    assert [n for n, p in translator.discriminators.named_parameters() if p.grad is None] == []
    assert [n for n, p in translator.generators.named_parameters() if p.grad is not None] == []


@BOTH
def test_a_residual_translator_starts_perfect_and_its_cycles_cost_nothing(config: dict) -> None:
    translator = build(config, residual=True, noise_channels=1)
    syn, real = images()
    t, losses = step(translator, syn, real)
    assert torch.equal(t.fake_real, syn)
    assert torch.equal(t.rec_real, real)
    assert torch.equal(translator.degrade(syn), syn)
    free = [n for n in losses if any(w in n for w in ("cycle_syn", "cycle_real", "identity", "reconstruction"))]
    assert len(free) == 4
    assert [losses[name].item() for name in free] == [0.0] * 4


@BOTH
@pytest.mark.parametrize("name", ["adversarial_weight", "cycle_weight"])
def test_weights_scale_their_own_loss_alone(config: dict, name: str) -> None:
    syn, real = images()
    _, one = step(build(config, **{name: 1.0}), syn, real)
    _, three = step(build(config, **{name: 3.0}), syn, real)
    mine = ("loss_adv_real", "loss_adv_syn") if name == "adversarial_weight" else ("loss_cycle_syn", "loss_cycle_real")
    for key, loss in one.items():
        assert three[key].item() == pytest.approx((3 if key in mine else 1) * loss.item(), rel=1e-5)


@BOTH
def test_cycle_weight_by_direction(config: dict) -> None:
    syn, real = images()
    _, both = step(build(config, cycle_weight=10.0), syn, real)
    _, losses = step(build(config, cycle_weight=dict(syn=10.0, real=0.0)), syn, real)
    assert torch.equal(losses["loss_cycle_syn"], both["loss_cycle_syn"])
    assert losses.get("loss_cycle_real", torch.zeros(())).item() == 0.0


@BOTH
def test_degrade_is_to_real_and_repeats_itself_without_noise(config: dict) -> None:
    translator = build(config)
    syn, _ = images()
    assert torch.equal(translator.degrade(syn), translator.degrade(syn))
    assert torch.equal(translator.degrade(syn), translator.generators["to_real"](syn))


@BOTH
@pytest.mark.parametrize("residual", [False, True])
def test_noise_makes_degrade_stochastic_and_the_way_back_stays_certain(config: dict, residual: bool) -> None:
    translator = wake(build(config, noise_channels=1, residual=residual)).eval()
    syn, real = images()
    assert not torch.equal(translator.degrade(syn), translator.degrade(syn))
    to_syn = translator.generators["to_syn"]
    assert torch.equal(to_syn(real), to_syn(real))


@BOTH
def test_r1_adds_half_the_weighted_squared_gradient(config: dict) -> None:
    translator = build(config, r1_weight=4.0)
    syn, real = images()
    t, _ = step(translator, syn, real)
    losses = translator.discriminator_losses(syn, real, t)
    image = real.clone().requires_grad_()
    logits = translator.discriminators["real"](image)
    total = sum(m.sum() for m in ([logits] if isinstance(logits, Tensor) else logits))
    (gradient,) = torch.autograd.grad(total, image)
    expected = 0.5 * 4.0 * gradient.square().sum(1).mean()
    assert losses["loss_r1_real"].item() == pytest.approx(expected.item(), rel=1e-4)


@BOTH
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(generator=dict(chanels=4)), "takes no argument 'chanels'. Did you mean 'channels'"),
        (dict(discriminator=dict(num_layer=1)), "takes no argument 'num_layer'. Did you mean 'num_layers'"),
        (dict(adversarial="lsgann"), "Did you mean 'lsgan'"),
        (dict(cycle_weight=dict(syn=1.0)), "cycle_weight must be a number or dict"),
    ],
)
def test_mistakes_in_a_config_are_named(config: dict, options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build(config, **options)


@BOTH
@pytest.mark.parametrize("mode", ["vanilla", "hinge"])
def test_other_adversarial_losses_train_too(config: dict, mode: str) -> None:
    translator = build(config, adversarial=mode)
    syn, real = images()
    t, losses = step(translator, syn, real)
    total = sum(losses.values()) + sum(translator.discriminator_losses(syn, real, t).values())
    assert torch.isfinite(total)


@BOTH
def test_another_discriminator_by_name(config: dict) -> None:
    other = dict(type="MultiScaleDiscriminator", channels=4, num_layers=2, num_scales=2)
    translator = build(config, discriminator=other)
    syn, real = images()
    t, losses = step(translator, syn, real)
    assert type(translator.discriminators["real"]).__name__ == "MultiScaleDiscriminator"
    assert torch.isfinite(sum(losses.values()) + sum(translator.discriminator_losses(syn, real, t).values()))


def test_default_weights_are_the_papers() -> None:
    cyclegan, unit = (inspect.signature(kind).parameters for kind in (CycleGAN, UNIT))
    weights = ("adversarial", "adversarial_weight", "cycle_weight", "identity_weight", "pool_size")
    assert [cyclegan[name].default for name in weights] == ["lsgan", 1.0, 10.0, 5.0, 50]
    weights = ("adversarial", "adversarial_weight", "reconstruction_weight", "cycle_weight", "kl_weight")
    assert [unit[name].default for name in weights] == ["lsgan", 1.0, 10.0, 10.0, 0.01]
    assert (unit["cycle_kl_weight"].default, unit["shared_layers"].default) == (0.01, 0)


def test_cyclegan_losses_by_hand() -> None:
    translator = build(CYCLEGAN, pool_size=0).double()
    syn, real = images(dtype=torch.float64)
    t, losses = step(translator, syn, real)
    to_real, to_syn = translator.generators["to_real"], translator.generators["to_syn"]
    d_real, d_syn = translator.discriminators["real"], translator.discriminators["syn"]
    fake_real, fake_syn = to_real(syn), to_syn(real)
    expected = dict(
        loss_adv_real=(d_real(fake_real) - 1).pow(2).mean(),
        loss_adv_syn=(d_syn(fake_syn) - 1).pow(2).mean(),
        loss_cycle_syn=10 * (to_syn(fake_real) - syn).abs().mean(),
        loss_cycle_real=10 * (to_real(fake_syn) - real).abs().mean(),
        loss_identity_real=5 * (to_real(real) - real).abs().mean(),
        loss_identity_syn=5 * (to_syn(syn) - syn).abs().mean(),
    )
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item(), rel=1e-9)
    disc = translator.discriminator_losses(syn, real, t)["loss_disc_real"]
    by_hand = ((d_real(real) - 1).pow(2).mean() + d_real(fake_real).pow(2).mean()) / 2
    assert disc.item() == pytest.approx(by_hand.item(), rel=1e-9)


def test_cyclegan_skips_identity_images_of_weight_zero() -> None:
    syn, real = images()
    t, losses = step(build(CYCLEGAN, identity_weight=0.0), syn, real)
    assert t.extra == {}
    assert not any("identity" in name for name in losses)
    t, losses = step(build(CYCLEGAN, identity_weight=dict(syn=5.0, real=0.0)), syn, real)
    assert list(t.extra) == ["same_syn"]
    assert [name for name in losses if "identity" in name] == ["loss_identity_syn"]


def test_cyclegan_keeps_no_graph_of_a_cycle_of_weight_zero() -> None:
    t, _ = step(build(CYCLEGAN, cycle_weight=dict(syn=1.0, real=0.0)), *images())
    assert (t.rec_syn.requires_grad, t.rec_real.requires_grad) == (True, False)


def test_cyclegan_checkpoint_holds_the_pools() -> None:
    translator = build(CYCLEGAN)
    syn, real = images()
    t, _ = step(translator, syn, real)
    translator.discriminator_losses(syn, real, t)
    other = build(CYCLEGAN)
    other.load_state_dict(translator.state_dict())
    assert torch.equal(other.pools["real"].images, t.fake_real.detach())
    assert torch.equal(other.pools["syn"].images, t.fake_syn.detach())


def test_real_low_pass_does_not_punish_noise_in_the_cycle() -> None:
    translator = build(CYCLEGAN, residual=True, real_low_pass=4)
    syn, real = images()
    t, _ = step(translator, syn, real)
    noisy = real + 0.1 * torch.tensor([1.0, -1.0]).repeat(8)  # stripes: the mean over any 4x4 square is unchanged
    losses = translator.generator_losses(syn, real, t._replace(rec_real=noisy, rec_syn=syn + 0.1))
    assert losses["loss_cycle_real"].item() < 1e-5
    assert losses["loss_cycle_syn"].item() == pytest.approx(1.0, rel=1e-5)


def test_unit_losses_by_hand() -> None:
    translator = build(UNIT_, latent_noise=False).double()
    syn, real = images(dtype=torch.float64)
    t, losses = step(translator, syn, real)
    paths = translator.generators["to_real"], translator.generators["to_syn"]
    (enc_syn, dec_real), (enc_real, dec_syn) = ((p.encoder, p.decoder) for p in paths)
    fake_real, fake_syn = dec_real(enc_syn(syn), syn), dec_syn(enc_real(real), real)
    expected = dict(
        loss_adv_real=sum((m - 1).pow(2).mean() for m in translator.discriminators["real"](fake_real)),
        loss_reconstruction_syn=10 * (dec_syn(enc_syn(syn), syn) - syn).abs().mean(),
        loss_reconstruction_real=10 * (dec_real(enc_real(real), real) - real).abs().mean(),
        loss_cycle_syn=10 * (dec_syn(enc_real(fake_real), fake_real) - syn).abs().mean(),
        loss_cycle_real=10 * (dec_real(enc_syn(fake_syn), fake_syn) - real).abs().mean(),
        loss_kl_syn=0.01 * enc_syn(syn).pow(2).mean(),
        loss_kl_real=0.01 * enc_real(real).pow(2).mean(),
        loss_cycle_kl_real=0.01 * enc_real(fake_real).pow(2).mean(),
        loss_cycle_kl_syn=0.01 * enc_syn(fake_syn).pow(2).mean(),
    )
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item(), rel=1e-9), name
    disc = translator.discriminator_losses(syn, real, t)["loss_disc_syn"]
    judge = translator.discriminators["syn"]
    pairs = zip(judge(syn), judge(fake_syn), strict=True)
    assert disc.item() == pytest.approx(sum((r - 1).pow(2).mean() + f.pow(2).mean() for r, f in pairs).item(), rel=1e-9)


def test_unit_latent_noise_is_for_training_and_on_demand_for_degrade() -> None:
    syn, real = images()
    translator = build(UNIT_)
    first, second = (step(translator, syn, real, seed)[0] for seed in (1, 2))
    assert not torch.equal(first.fake_real, second.fake_real)
    assert torch.equal(first.extra["mean_syn"], second.extra["mean_syn"])
    noisy = build(UNIT_, degrade_latent_noise=True)
    assert not torch.equal(noisy.degrade(syn), noisy.degrade(syn))


@pytest.mark.parametrize("shared", [0, 1, 2])
def test_unit_shares_the_last_encoder_and_first_decoder_blocks(shared: int) -> None:
    translator = build(UNIT_, shared_layers=shared)
    one, other = (translator.generators[k] for k in ("to_real", "to_syn"))
    same = [a is b for a, b in zip(one.encoder.blocks, other.encoder.blocks, strict=True)]
    assert same == [False] * (2 - shared) + [True] * shared
    same = [a is b for a, b in zip(one.decoder.blocks, other.decoder.blocks, strict=True)]
    assert same == [True] * shared + [False] * (2 - shared)
    block = sum(p.numel() for p in one.encoder.blocks[0].parameters())
    alone = sum(p.numel() for p in build(UNIT_).generators.parameters())
    assert sum(p.numel() for p in translator.generators.parameters()) == alone - 2 * shared * block


def test_unit_cannot_share_more_blocks_than_it_has() -> None:
    with pytest.raises(UserError, match=r"shared_layers is 3, but generator\.num_blocks is only 2"):
        build(UNIT_, shared_layers=3)


def test_translators_learn_a_darkening() -> None:
    """Real images are darker: after a few steps of CycleGAN's losses, so are the fakes."""
    translator = build(CYCLEGAN, residual=True, cycle_weight=1.0, identity_weight=0.0, pool_size=0)
    generators = torch.optim.Adam(translator.generators.parameters(), 3e-3)
    judges = torch.optim.Adam(translator.discriminators.parameters(), 3e-3)
    nn.init.normal_(translator.discriminators["real"].layers[0].weight, std=0.2)
    for _ in range(60):
        syn, real = torch.rand(4, 3, 8, 8), 0.5 * torch.rand(4, 3, 8, 8)
        t = translator.translate(syn, real)
        for losses, optimizer in ((translator.generator_losses(syn, real, t), generators),
                                  (translator.discriminator_losses(syn, real, t), judges)):  # fmt: skip
            optimizer.zero_grad()
            sum(losses.values()).backward()
            optimizer.step()
    assert translator.degrade(torch.rand(8, 3, 8, 8)).mean().item() < 0.4
