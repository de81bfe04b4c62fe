"""Networks of DiscoGAN, DualGAN, DSGAN and CinCGAN: published sizes, image sizes, initial outputs, noise, patches."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks import FlatGenerator, Hourglass, PlainDiscriminator

UNET = dict(skips=True, kernel=5, norm="instance")
CINCGAN = dict(num_blocks=6, num_layers=2, head_kernel=7, tail_kernel=7, norm="batch", activation="leaky")
SIZES = [(1, 1), (2, 3), (5, 3), (16, 16), (17, 30), (33, 19)]
GENERATORS = [
    pytest.param(Hourglass, dict(channels=4, num_down=2), id="encoder-decoder"),
    pytest.param(Hourglass, dict(channels=4, num_down=5, **UNET), id="U-Net"),
    pytest.param(Hourglass, dict(channels=4, num_down=1, kernel=3, skips=True), id="one level"),
    pytest.param(FlatGenerator, dict(channels=4, num_blocks=1), id="DSGAN"),
    pytest.param(FlatGenerator, dict(CINCGAN, channels=4, num_blocks=1), id="CinCGAN"),
]
EVERY = pytest.mark.parametrize(("kind", "options"), GENERATORS)


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def conv(inputs: int, outputs: int, kernel: int) -> int:
    return inputs * outputs * kernel**2 + outputs


def test_sizes_by_hand() -> None:
    disco, judge, dsgan, cincgan = Hourglass(), PlainDiscriminator(), FlatGenerator(), FlatGenerator(**CINCGAN)
    down = conv(3, 64, 4) + conv(64, 128, 4) + conv(128, 256, 4) + conv(256, 512, 4) + 2 * (128 + 256 + 512)
    up = conv(512, 256, 4) + conv(256, 128, 4) + conv(128, 64, 4) + conv(64, 3, 4) + 2 * (256 + 128 + 64)
    assert (parameters(disco), parameters(judge)) == (down + up, down + conv(512, 1, 4))
    assert parameters(dsgan) == conv(3, 64, 3) + 1 + 8 * (2 * conv(64, 64, 3) + 1) + conv(64, 3, 3)
    blocks = 6 * (2 * conv(64, 64, 3) + 2 * 128)
    assert parameters(cincgan) == conv(3, 64, 7) + blocks + 4 * conv(64, 64, 3) + conv(64, 3, 7)
    unet = Hourglass(channels=8, num_down=8, **UNET)  # an eighth of the paper's width
    down = conv(3, 8, 5) + conv(8, 16, 5) + conv(16, 32, 5) + conv(32, 64, 5) + 4 * conv(64, 64, 5)
    up = conv(64, 64, 5) + 3 * conv(128, 64, 5) + conv(128, 32, 5) + conv(64, 16, 5) + conv(32, 8, 5)
    assert parameters(unet) == down + up + conv(16, 3, 5)


@EVERY
@pytest.mark.parametrize("size", SIZES)
def test_output_has_the_size_of_the_input(kind: type, options: dict[str, Any], size: tuple[int, int]) -> None:
    image = torch.rand(2, 3, *size)
    out = kind(**options)(image)
    assert out.shape == image.shape
    assert bool(((out >= 0) & (out <= 1)).all())
    residual = kind(**options, residual=True, noise_channels=1)
    assert torch.equal(residual(image), image)


@EVERY
def test_noise_is_fresh_and_has_a_level(kind: type, options: dict[str, Any]) -> None:
    image = torch.rand(1, 3, 8, 8)
    network = kind(**options, noise_channels=1, init="kaiming").eval()
    assert not torch.equal(network(image), network(image))
    assert torch.equal(network(image, noise_level=0.0), network(image, noise_level=0.0))


@EVERY
def test_images_stay_float32_under_autocast(kind: type, options: dict[str, Any]) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert kind(**options)(torch.rand(2, 3, 8, 8)).dtype == torch.float32


def test_hourglass_by_hand() -> None:
    """Compares two levels with skips, at an even size, with pix2pix's arithmetic."""
    network = Hourglass(2, num_down=2, skips=True, kernel=4, norm="instance", init="kaiming").double()
    image = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    (down1, down2), (up2, up1) = ([level.conv for level in levels] for levels in (network.downs, network.ups))
    e1 = F.conv2d(2 * image - 1, down1.weight, down1.bias, 2, 1)
    e2 = F.instance_norm(F.conv2d(F.leaky_relu(e1, 0.2), down2.weight, down2.bias, 2, 1))
    d2 = F.instance_norm(F.conv_transpose2d(F.relu(e2), up2.weight, up2.bias, 2, 1))
    out = F.conv_transpose2d(F.relu(torch.cat([d2, e1], 1)), up1.weight, up1.bias, 2, 1)
    torch.testing.assert_close(network(image), torch.sigmoid(2 * out))


def test_skips_carry_detail_that_the_bottleneck_loses() -> None:
    """Checks that skips increase the share of the gradient that an output pixel has at the same input pixel."""

    def own_share(skips: bool) -> float:
        torch.manual_seed(0)
        network = Hourglass(8, num_down=4, skips=skips, norm="none", init="kaiming")
        image = torch.rand(1, 3, 32, 32, requires_grad=True)
        (gradient,) = torch.autograd.grad(network(image)[..., 16, 16].sum(), image)
        near = gradient[..., 12:21, 12:21].square().sum() / gradient.square().sum()
        return near.item()

    assert own_share(True) > 2 * own_share(False)


def test_deep_levels_of_one_pixel_go_without_norm() -> None:
    network = Hourglass(4, num_down=6, **UNET)
    image = torch.rand(1, 3, 8, 8)  # maps of one pixel from the third level on, for which a norm is undefined
    sum_of_squares = network(image).square().sum()
    sum_of_squares.backward()
    assert all(level.conv.weight.grad.abs().max() > 0 for level in [*network.downs, *network.ups])


def test_dropout_acts_in_inference_too() -> None:
    image = torch.rand(1, 3, 32, 32)
    for dropout, changes in ((0.5, True), (0.0, False)):
        network = Hourglass(4, num_down=5, dropout=dropout, init="kaiming", **UNET).eval()
        assert torch.equal(network(image), network(image)) != changes


@pytest.mark.parametrize(
    ("options", "patch"),
    [
        (dict(num_layers=3, kernel=5, stride=1, tail_kernel=1), 13),
        (dict(num_layers=4, kernel=4, stride=1, tail_kernel=4), 16),
        (dict(num_layers=4), 94),
    ],
    ids=["DSGAN", "CinCGAN", "DiscoGAN"],
)
def test_a_logit_judges_a_patch(options: dict[str, Any], patch: int) -> None:
    network = PlainDiscriminator(2, norm="none", init="kaiming", **options)
    image = torch.rand(1, 3, 160, 160, requires_grad=True)
    logits: Tensor = network(image)
    middle = logits.shape[-1] // 2
    (gradient,) = torch.autograd.grad(logits[0, 0, middle, middle], image)
    rows = gradient.abs().sum(dim=(0, 1, 3)).nonzero()
    assert int(rows.max() - rows.min()) + 1 == patch


def test_the_smallest_image_has_one_logit() -> None:
    for options, smallest in ((dict(), 64), (dict(num_layers=4, stride=1), 8), (dict(num_layers=2), 16)):
        network = PlainDiscriminator(2, **options).eval()
        assert network.smallest == smallest
        assert network(torch.rand(1, 3, smallest, smallest)).shape == (1, 1, 1, 1)
        with pytest.raises(UserError, match=f"at least {smallest} px"):
            network(torch.rand(1, 3, smallest, smallest - 1))


def test_a_high_pass_hides_flat_colour() -> None:
    network = PlainDiscriminator(4, num_layers=2, stride=1, high_pass=5, norm="none", init="kaiming")
    image = torch.rand(1, 3, 12, 12)
    torch.testing.assert_close(network(0.5 * image), network(0.5 * image + 0.3))


def test_mistakes_are_named() -> None:
    with pytest.raises(UserError, match=r"kernel 3, 4 or 5.*found 7"):
        Hourglass(kernel=7)
    with pytest.raises(UserError, match=r"activation.*prelu or leaky.*'relu'"):
        FlatGenerator(activation="relu")
