"""DRIT: its networks and losses by hand, who learns from the content discriminator, styles that are given or drawn."""

import inspect
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from cyclesr.errors import UserError
from cyclesr.models.losses.kl import gaussian_kl
from cyclesr.models.translators import DRIT
from cyclesr.models.translators.drit import ContentDiscriminator, DisentangledGenerator
from cyclesr.models.translators.drit.networks import ConcatDecoder, ContentEncoder, Gaussian, GaussianStyleEncoder
from cyclesr.optim.parts import PartOptimizersConstructor


def build(**options: Any) -> DRIT:
    torch.manual_seed(0)
    return DRIT(**{**DRIT.TINY, **options})


class Alone(nn.Module):
    """A model of a translator only."""

    def __init__(self, translator: DRIT) -> None:
        super().__init__()
        self.translator = translator

    def parts(self) -> dict[str, nn.Module]:
        return dict(generators=self.translator.generators, discriminators=self.translator.discriminators)


def certain(translator: DRIT) -> DRIT:
    """Styles without spread: what is drawn for an image is its mean."""
    for path in translator.generators.values():
        nn.init.zeros_(path.style.log_variance.weight)
        nn.init.constant_(path.style.log_variance.bias, -80.0)
    return translator


def images() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    syn, real = torch.rand(2, 2, 3, 16, 16, generator=generator)
    return syn, real


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def conv(inputs: int, outputs: int, kernel: int) -> int:
    return inputs * outputs * kernel**2 + outputs


def snapshot(module: nn.Module) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in module.named_parameters()}


def test_sizes_are_those_of_the_released_code() -> None:
    encoder, style, decoder = ContentEncoder(), GaussianStyleEncoder(), ConcatDecoder()
    down = conv(3, 64, 7) + conv(64, 128, 3) + conv(128, 256, 3)
    assert parameters(encoder) == down + 4 * 2 * conv(256, 256, 3)
    blocks = [
        conv(i, i, 3) + conv(i, o, 3) + conv(i, o, 1) for i, o in [(64, 64 * 2), (64 * 2, 64 * 3), (64 * 3, 64 * 4)]
    ]
    assert parameters(style) == conv(3, 64, 4) + sum(blocks) + 2 * conv(256, 8, 1)
    ups = conv(272, 136, 3) + 2 * 136 + conv(144, 72, 3) + 2 * 72 + conv(80, 3, 1)
    assert parameters(decoder) == 2 * conv(256, 256, 3) + 3 * 2 * conv(264, 264, 3) + ups
    judge = 3 * conv(256, 256, 7) + conv(256, 256, 4) + conv(256, 1, 1)
    assert parameters(ContentDiscriminator()) == judge


def test_default_weights_are_those_of_the_paper() -> None:
    given = inspect.signature(DRIT).parameters
    ones = ("adversarial_weight", "content_weight", "shared_layers")
    tens = ("reconstruction_weight", "cycle_weight", "style_weight")
    assert [given[name].default for name in ones] == [1, 1, 1]
    assert [given[name].default for name in tens] == [10, 10, 10]
    assert [given[name].default for name in ("kl_weight", "content_kl_weight")] == [0.01, 0.01]
    assert (given["adversarial"].default, given["content_noise"].default) == ("vanilla", True)
    assert inspect.signature(DisentangledGenerator).parameters["style_dim"].default == 8


def test_the_style_encoder_by_hand() -> None:
    encoder = GaussianStyleEncoder(channels=4, num_down=2, style_dim=3).double()
    image = torch.rand(2, 3, 8, 12, dtype=torch.float64)
    head, block = encoder.features
    x = F.conv2d(F.pad(2 * image - 1, (1, 1, 1, 1), mode="reflect"), head.weight, head.bias, stride=2)
    (_, first, _, second), short = block.body, block.shortcut
    y = F.conv2d(F.pad(F.leaky_relu(x, 0.2), (1, 1, 1, 1), mode="reflect"), first.weight, first.bias)
    y = F.conv2d(F.pad(F.leaky_relu(y, 0.2), (1, 1, 1, 1), mode="reflect"), second.weight, second.bias)
    x = F.avg_pool2d(y, 2) + F.conv2d(F.avg_pool2d(x, 2), short.weight, short.bias)
    pooled = F.leaky_relu(x, 0.2).flatten(2).mean(dim=2)
    got = encoder(image)
    torch.testing.assert_close(got.mean, pooled @ encoder.mean.weight.T + encoder.mean.bias)
    torch.testing.assert_close(got.log_variance, pooled @ encoder.log_variance.weight.T + encoder.log_variance.bias)


def test_the_style_stands_beside_the_features_everywhere_but_in_the_first_block() -> None:
    decoder = ConcatDecoder(channels=2, num_blocks=3, num_down=1, style_dim=2, kernel=3, init="default").double()
    content, image, style = (torch.rand(*size, dtype=torch.float64) for size in [(1, 4, 4, 5), (1, 3, 7, 9), (1, 2)])

    def beside(x: Tensor) -> Tensor:
        maps = [torch.full_like(x[:, :1], style[0, i].item()) for i in range(2)]
        return torch.cat([x, *maps], dim=1)

    shared, second, third = decoder.blocks
    up = decoder.ups[0]
    x = third(second(beside(shared(content))))
    x = F.conv_transpose2d(beside(x), up.weight, up.bias, 2, 1, output_padding=1)
    x = F.relu(F.layer_norm(x, x.shape[1:]))
    padded = F.pad(beside(x), (1, 1, 1, 1), mode="replicate")
    out = torch.tanh(F.conv2d(padded, decoder.tail.weight, decoder.tail.bias))
    torch.testing.assert_close(decoder(content, image, style), ((out + 1) / 2)[..., :7, :9])


@pytest.mark.parametrize("num_down", [0, 1, 2])
@pytest.mark.parametrize("num_blocks", [0, 1, 2])
def test_networks_of_any_depth_keep_the_size(num_down: int, num_blocks: int) -> None:
    sizes = dict(channels=4, num_blocks=num_blocks, num_down=num_down, style_dim=2, style_down=1, tail_kernel=7)
    image = torch.rand(2, 3, 3, 5)
    network = DisentangledGenerator(**sizes, noise_channels=2)
    out = network(image)
    assert out.shape == image.shape
    assert bool(((out >= 0) & (out <= 1)).all())
    style = torch.randn(2, 2)
    assert not torch.equal(network(image, style), network(image, style))
    quiet = [network.decoder(network.encoder(image), image, style, noise_level=0.0) for _ in range(2)]
    assert torch.equal(*quiet)
    assert torch.equal(DisentangledGenerator(**sizes, residual=True)(image), image)


def test_gaussian_draws_and_divergence() -> None:
    mean, log_variance = torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 4, dtype=torch.float64)
    exact = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum(dim=1).mean()
    assert gaussian_kl(mean, log_variance).item() == pytest.approx(exact.item())
    torch.manual_seed(0)
    drawn = Gaussian(torch.tensor([3.0]).expand(10_000, 1), torch.tensor([4.0]).log().expand(10_000, 1)).draw()
    assert drawn.mean().item() == pytest.approx(3.0, abs=0.1)
    assert drawn.std().item() == pytest.approx(2.0, abs=0.1)


def test_losses_by_hand() -> None:
    translator = build(
        content_noise=False,
        adversarial_weight=0.5,
        content_weight=17.0,
        reconstruction_weight=dict(syn=2.0, real=3.0),
        cycle_weight=dict(syn=11.0, real=13.0),
        kl_weight=5.0,
        content_kl_weight=19.0,
        style_weight=7.0,
    ).double()
    syn, real = (image.double() for image in images())
    t = certain(translator).translate(syn, real)
    losses = translator.generator_losses(syn, real, t)
    to_real, to_syn = translator.generators["to_real"], translator.generators["to_syn"]
    style_real, style_syn = t.extra["style_real"], t.extra["style_syn"]
    content_syn, content_real = to_real.encoder(syn), to_syn.encoder(real)
    own_syn, own_real = to_syn.style(syn), to_real.style(real)
    fake_real = to_real.decoder(content_syn, syn, style_real)
    fake_syn = to_syn.decoder(content_real, real, style_syn)
    swapped_real = to_real.decoder(content_syn, syn, own_real.mean)
    swapped_syn = to_syn.decoder(content_real, real, own_syn.mean)
    rec_syn = to_syn.decoder(to_syn.encoder(swapped_real), swapped_real, to_syn.style(swapped_syn).mean)
    rec_real = to_real.decoder(to_real.encoder(swapped_syn), swapped_syn, to_real.style(swapped_real).mean)
    for got, expected in ((t.fake_real, fake_real), (t.rec_syn, rec_syn), (t.rec_real, rec_real)):
        torch.testing.assert_close(got, expected)

    def fooled(name: str, fake: Tensor) -> Tensor:
        return sum(-F.logsigmoid(m).mean() for m in translator.discriminators[name](fake))

    def divergence(own: Gaussian) -> Tensor:
        return kl_divergence(Normal(own.mean, (0.5 * own.log_variance).exp()), Normal(0.0, 1.0)).sum(dim=1).mean()

    def unsure(content: Tensor) -> Tensor:
        logits = translator.discriminators["content"](content)
        return -0.5 * (F.logsigmoid(logits) + F.logsigmoid(-logits)).mean()

    expected = dict(
        loss_adv_real=0.5 * fooled("real", fake_real),
        loss_adv_syn=0.5 * fooled("syn", fake_syn),
        loss_adv_swapped_real=0.5 * fooled("swapped_real", swapped_real),
        loss_adv_swapped_syn=0.5 * fooled("swapped_syn", swapped_syn),
        loss_content_syn=17 * unsure(content_syn),
        loss_content_real=17 * unsure(content_real),
        loss_reconstruction_syn=2 * (to_syn.decoder(content_syn, syn, own_syn.mean) - syn).abs().mean(),
        loss_reconstruction_real=3 * (to_real.decoder(content_real, real, own_real.mean) - real).abs().mean(),
        loss_cycle_syn=11 * (rec_syn - syn).abs().mean(),
        loss_cycle_real=13 * (rec_real - real).abs().mean(),
        loss_kl_syn=5 * divergence(own_syn),
        loss_kl_real=5 * divergence(own_real),
        loss_content_kl_syn=19 * content_syn.square().mean(),
        loss_content_kl_real=19 * content_real.square().mean(),
        loss_style_syn=7 * (to_syn.style(fake_syn).mean - style_syn).abs().mean(),
        loss_style_real=7 * (to_real.style(fake_real).mean - style_real).abs().mean(),
    )
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item(), rel=1e-9), name


def test_discriminator_losses_by_hand() -> None:
    translator = build().double()
    syn, real = (image.double() for image in images())
    t = translator.translate(syn, real)
    pairs = dict(
        real=(real, t.fake_real),
        syn=(syn, t.fake_syn),
        swapped_real=(real, t.extra["swapped_real"]),
        swapped_syn=(syn, t.extra["swapped_syn"]),
        content=(t.extra["content_real"], t.extra["content_syn"]),
    )
    losses = translator.discriminator_losses(syn, real, t)
    assert losses.keys() == {f"loss_disc_{name}" for name in pairs}
    for name, (true, fake) in pairs.items():
        judge = translator.discriminators[name]
        logits = [judge(true)], [judge(fake)]
        if name != "content":
            logits = logits[0][0], logits[1][0]
        by_hand = sum(-F.logsigmoid(a).mean() - F.logsigmoid(-b).mean() for a, b in zip(*logits, strict=True))
        assert losses[f"loss_disc_{name}"].item() == pytest.approx(by_hand.item(), rel=1e-9), name


def test_r1_is_of_images_alone() -> None:
    syn, real = images()
    translator = build(r1_weight=1.0)
    losses = translator.discriminator_losses(syn, real, translator.translate(syn, real))
    assert {name for name in losses if "r1" in name} == {
        f"loss_r1_{name}" for name in ("real", "syn", "swapped_real", "swapped_syn")
    }


def test_low_pass_spares_the_syn_images() -> None:
    syn, real = images()
    losses = []
    for side in (0, 4):
        translator = build(real_low_pass=side)
        t = translator.translate(syn, real)
        losses.append(translator.generator_losses(syn, real, t))
        if side:
            same = F.avg_pool2d(t.extra["same_real"] - real, side, stride=1).abs().mean()
            assert losses[1]["loss_reconstruction_real"].item() == pytest.approx(10 * same.item(), rel=1e-4)
    changed = {name for name in losses[0] if not torch.equal(losses[0][name], losses[1][name])}
    assert changed == {"loss_reconstruction_real", "loss_cycle_real"}


def test_content_encoders_fool_the_content_discriminator_and_nothing_else_moves() -> None:
    """One step of the generators' optimizer down the content terms alone, as training takes it."""
    judge = dict(DRIT.TINY["content_discriminator"], init="default")  # weights of N(0, 0.02) would hardly tell
    model = Alone(build(content_noise=False, content_discriminator=judge))
    constructor = PartOptimizersConstructor(
        {part: dict(optimizer=dict(type="SGD", lr=0.1)) for part in ("generators", "discriminators")}
    )
    optimizers, (syn, real) = constructor(model), images()
    before = snapshot(model.translator)

    def content_losses() -> dict[str, Tensor]:
        t = model.translator.translate(syn, real)
        losses = model.translator.generator_losses(syn, real, t)
        return {name: losses[name] for name in ("loss_content_syn", "loss_content_real")}

    first = content_losses()
    first = optimizers.update(first, "generators").losses
    changed = {name for name, weight in snapshot(model.translator).items() if not torch.equal(weight, before[name])}
    assert {name.rpartition(".encoder.")[0] for name in changed} == {"generators.to_real", "generators.to_syn"}
    assert sum(content_losses().values()).item() < sum(first.values()).item()
    t = model.translator.translate(syn, real)
    judged = {"loss": model.translator.discriminator_losses(syn, real, t)["loss_disc_content"]}
    before = snapshot(model.translator)
    judged = optimizers.update(judged, "discriminators").losses
    changed = {name for name, weight in snapshot(model.translator).items() if not torch.equal(weight, before[name])}
    assert {name.split(".layers")[0] for name in changed} == {"discriminators.content"}
    assert model.translator.discriminator_losses(syn, real, t)["loss_disc_content"].item() < judged["loss"].item()


def test_a_content_that_nobody_can_place_costs_least() -> None:
    translator = build()
    head = translator.discriminators["content"].layers[-1]
    nn.init.zeros_(head.weight)
    syn, real = images()
    costs = []
    for logit in (-1.0, 0.0, 1.0):
        nn.init.constant_(head.bias, logit)
        t = translator.translate(syn, real)
        costs.append(translator.generator_losses(syn, real, t)["loss_content_syn"].item())
    assert costs[1] == pytest.approx(torch.log(torch.tensor(2.0)).item(), rel=1e-6)
    assert costs[0] == pytest.approx(costs[2], rel=1e-6)
    assert costs[1] < costs[0]


def test_content_noise_is_of_unit_strength_and_training_alone() -> None:
    syn, real = images()
    extra = build().translate(syn, real).extra
    noise = extra["content_syn"] - extra["content_mean_syn"]
    assert noise.std().item() == pytest.approx(1.0, abs=0.1)
    quiet = build(content_noise=False).translate(syn, real).extra
    assert torch.equal(quiet["content_syn"], quiet["content_mean_syn"])


@pytest.mark.parametrize("shared", [0, 1, 2])
def test_domains_share_the_ends_next_to_the_content(shared: int) -> None:
    translator = build(shared_layers=shared)
    to_real, to_syn = translator.generators["to_real"], translator.generators["to_syn"]
    encoders = [a is b for a, b in zip(to_real.encoder.blocks, to_syn.encoder.blocks, strict=True)]
    decoders = [a is b for a, b in zip(to_real.decoder.blocks, to_syn.decoder.blocks, strict=True)]
    assert (encoders, decoders) == ([shared > 1, shared > 0], [shared > 0, shared > 1])


def test_degrade_takes_a_style_or_draws_one_for_each_image() -> None:
    translator = build(generator=dict(DRIT.TINY["generator"], init="default"))
    syn, _ = images()
    style = torch.randn(2, 2)
    assert torch.equal(translator.degrade(syn, style), translator.degrade(syn, style))
    assert not torch.equal(translator.degrade(syn, style), translator.degrade(syn, -style))
    assert not torch.equal(translator.degrade(syn), translator.degrade(syn))
    first, second = translator.degrade(syn[:1].expand(2, -1, -1, -1))
    assert not torch.equal(first, second)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(generator=dict(style_dims=4)), "DisentangledGenerator takes no argument 'style_dims'. Did you mean"),
        (dict(content_discriminator=dict(layers=4)), "ContentDiscriminator takes no argument 'layers'"),
        (dict(adversarial="hinged"), "Did you mean 'hinge'"),
        (dict(free_noise=True), "free_noise=True needs"),
        (dict(shared_layers=3), "shared_layers is 3, but generator.num_blocks is only 2"),
        (dict(cycle_weight=dict(real=1.0)), "cycle_weight must be a number or dict"),
    ],
)
def test_mistakes_in_a_config_are_named(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build(**options)


def test_crops_that_are_too_small_for_the_content_discriminator() -> None:
    judge = ContentDiscriminator(inputs=2, channels=2)
    assert judge(torch.rand(1, 2, 53, 53)).shape == (1, 1, 1, 1)
    with pytest.raises(UserError, match=r"contents of at least 53 px, found \(52, 60\): take larger crops"):
        judge(torch.rand(1, 2, 52, 60))


def test_every_size_reaches_its_network() -> None:
    sizes = dict(channels=6, num_blocks=3, num_down=1, style_dim=3, style_down=3, head_kernel=3, tail_kernel=5)
    translator = build(
        generator=dict(sizes, norm="none", init="default"),
        discriminator=dict(channels=5, num_layers=1, num_scales=2),
        content_discriminator=dict(channels=7, num_layers=2, kernel=3, tail_kernel=1),
    )
    path = translator.generators["to_real"]
    assert path.encoder.down[0].weight.shape == (6, 3, 3, 3)
    assert (len(path.encoder.blocks), len(path.decoder.blocks)) == (3, 3)
    assert [type(norm) for norm in path.decoder.norms] == [nn.Identity]
    assert path.style.multiple == 8
    assert path.style.mean.weight.shape == (3, 18)
    assert path.decoder.ups[0].weight.shape == (18, 9, 3, 3)
    assert path.decoder.tail.weight.shape == (3, 12, 5, 5)
    assert len(translator.discriminators["swapped_syn"].scales) == 2
    judge = translator.discriminators["content"]
    assert [m.weight.shape[:2] for m in judge.layers if isinstance(m, nn.Conv2d)] == [(7, 12), (7, 7), (7, 7), (1, 7)]
