"""MUNIT: AdaIN, its losses by hand, and styles that are given or drawn."""

import inspect
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from cyclesr.errors import UserError
from cyclesr.models.networks.style import AdaINBlock, StyleDecoder, StyleEncoder
from cyclesr.models.translators import MUNIT


def build(**options: Any) -> MUNIT:
    torch.manual_seed(0)
    return MUNIT(**{**MUNIT.TINY, **options})


def images() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    syn, real = torch.rand(2, 2, 3, 16, 16, generator=generator)
    return syn, real


def test_adain_gives_each_channel_its_scale_and_shift() -> None:
    block = AdaINBlock(3).double()
    x, scales, shifts = torch.rand(2, 3, 8, 8).double(), torch.rand(2, 2, 3).double(), torch.rand(2, 2, 3).double()
    y = x
    for i, conv in enumerate(block.convs):
        y = F.instance_norm(conv(y))
        y = torch.stack(
            [torch.stack([y[n, c] * scales[n, i, c] + shifts[n, i, c] for c in range(3)]) for n in range(2)]
        )
        y = y.relu() if i == 0 else y
    torch.testing.assert_close(block(x, scales, shifts), x + y)


def test_the_decoder_hands_each_norm_its_part_of_the_style() -> None:
    decoder = StyleDecoder(channels=4, num_blocks=2, num_down=1, style_dim=2, mlp_width=6)
    content, image, style = torch.rand(1, 8, 4, 4), torch.rand(1, 3, 8, 8), torch.rand(1, 2)
    numbers = decoder.mlp(style)[0]
    assert numbers.numel() == 2 * 2 * 2 * 8  # blocks, scales and shifts, norms, channels
    x = content
    for i, block in enumerate(decoder.blocks):
        scales, shifts = numbers[32 * i : 32 * (i + 1)].view(2, 1, 2, 8)
        x = block(x, scales, shifts)
    torch.testing.assert_close(decoder(content, image, style), decoder.up(x, image))


def test_a_style_is_one_for_the_whole_image() -> None:
    encoder = StyleEncoder(channels=4, num_down=2, style_dim=3)
    image = torch.rand(2, 3, 24, 32)
    features = encoder.features(2 * image - 1)
    assert features.shape == (2, 16, 6, 8)
    weight, bias = encoder.tail.weight[:, :, 0, 0], encoder.tail.bias
    torch.testing.assert_close(encoder(image), features.mean(dim=(2, 3)) @ weight.T + bias)


def test_losses_by_hand() -> None:
    translator = build(
        reconstruction_weight=dict(syn=2.0, real=3.0), content_weight=5.0, style_weight=7.0, cycle_weight=11.0
    ).double()
    syn, real = (image.double() for image in images())
    t = translator.translate(syn, real)
    losses = translator.generator_losses(syn, real, t)
    to_real, to_syn = translator.generators["to_real"], translator.generators["to_syn"]
    style_real, style_syn = t.extra["style_real"], t.extra["style_syn"]
    content_syn, content_real = to_real.encoder(syn), to_syn.encoder(real)
    fake_real = to_real.decoder(content_syn, syn, style_real)
    fake_syn = to_syn.decoder(content_real, real, style_syn)
    own_syn, own_real = to_syn.style(syn), to_real.style(real)
    torch.testing.assert_close(t.fake_real, fake_real)
    cycles = (
        to_syn.decoder(to_syn.encoder(fake_real), fake_real, own_syn),
        to_real.decoder(to_real.encoder(fake_syn), fake_syn, own_real),
    )
    expected = dict(
        loss_adv_real=sum((m - 1).square().mean() for m in translator.discriminators["real"](fake_real)),
        loss_adv_syn=sum((m - 1).square().mean() for m in translator.discriminators["syn"](fake_syn)),
        loss_reconstruction_syn=2 * (to_syn.decoder(content_syn, syn, own_syn) - syn).abs().mean(),
        loss_reconstruction_real=3 * (to_real.decoder(content_real, real, own_real) - real).abs().mean(),
        loss_content_syn=5 * (to_syn.encoder(fake_real) - content_syn).abs().mean(),
        loss_content_real=5 * (to_real.encoder(fake_syn) - content_real).abs().mean(),
        loss_style_syn=7 * (to_syn.style(fake_syn) - style_syn).abs().mean(),
        loss_style_real=7 * (to_real.style(fake_real) - style_real).abs().mean(),
        loss_cycle_syn=11 * (cycles[0] - syn).abs().mean(),
        loss_cycle_real=11 * (cycles[1] - real).abs().mean(),
    )
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item(), rel=1e-9), name
    disc = translator.discriminator_losses(syn, real, t)
    judge = translator.discriminators["real"]
    by_hand = sum(
        (a - 1).square().mean() + b.square().mean() for a, b in zip(judge(real), judge(fake_real), strict=True)
    )
    assert disc["loss_disc_real"].item() == pytest.approx(by_hand.item(), rel=1e-9)


def test_default_weights_and_sizes_are_the_papers() -> None:
    given = inspect.signature(MUNIT).parameters
    weights = ("adversarial", "adversarial_weight", "reconstruction_weight", "content_weight", "style_weight")
    assert [given[name].default for name in weights] == ["lsgan", 1.0, 10.0, 1.0, 1.0]
    assert given["cycle_weight"].default == 0.0
    sizes = inspect.signature(StyleDecoder).parameters
    names = ("channels", "num_blocks", "num_down", "style_dim", "mlp_width")
    assert [sizes[name].default for name in names] == [64, 4, 2, 8, 256]


def test_cycles_of_weight_zero_are_not_computed() -> None:
    syn, real = images()
    t = build(cycle_weight=dict(syn=1.0, real=0.0)).translate(syn, real)
    assert list(t.reconstructions()) == ["syn"]


def test_degrade_takes_a_style_or_draws_one_for_each_image() -> None:
    translator = build()
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
        (dict(generator=dict(style_dims=4)), "MUNIT takes no argument 'style_dims'. Did you mean 'style_dim'"),
        (dict(adversarial="hinged"), "Did you mean 'hinge'"),
        (dict(free_noise=True), "free_noise=True needs"),
    ],
)
def test_mistakes_in_a_config_are_named(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build(**options)


def test_every_size_reaches_its_network() -> None:
    sizes = dict(channels=6, num_blocks=2, num_down=1, head_kernel=3, tail_kernel=5, up_kernel=3)
    translator = build(generator=dict(sizes, style_dim=3, style_down=3, mlp_width=10, norm="none", init="default"))
    path = translator.generators["to_real"]
    assert path.encoder.down[0].weight.shape == (6, 3, 3, 3)
    assert (len(path.encoder.blocks), len(path.decoder.blocks)) == (2, 2)
    assert path.style.features[0].weight.shape == (6, 3, 3, 3)
    assert path.style.tail.weight.shape[:2] == (3, 24)
    assert path.style.multiple == 8
    assert path.decoder.mlp[2].weight.shape == (10, 10)
    assert path.decoder.up.tail.weight.shape == (3, 6, 5, 5)
    assert path.decoder.up.ups[0][0].weight.shape == (6, 12, 3, 3)
