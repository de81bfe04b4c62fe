"""Generators: published sizes, any image size, initial outputs, noise."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cyclesr.errors import UserError
from cyclesr.models.networks.image_size import pad_to_fit
from cyclesr.models.networks.initialise import initialise
from cyclesr.models.networks.norms import make_norm, mixes_images
from cyclesr.models.networks.resnet_generator import ResNetGenerator
from cyclesr.models.networks.vae import Decoder, Encoder, EncoderDecoder

SIZES = [(1, 1), (5, 3), (16, 16), (17, 30), (23, 19)]


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_default_sizes_are_the_published_ones() -> None:
    assert parameters(ResNetGenerator()) == 11_378_179
    assert parameters(EncoderDecoder(Encoder(), Decoder())) == 11_140_483


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("num_down", [0, 1, 2])
@pytest.mark.parametrize("norm", ["instance", "none"])
def test_output_has_the_size_of_the_input(size: tuple[int, int], num_down: int, norm: str) -> None:
    image = torch.rand(2, 3, *size)
    resnet = ResNetGenerator(4, 1, num_down, norm)
    vae = EncoderDecoder(Encoder(4, 1, num_down, norm=norm), Decoder(4, 1, num_down, norm=norm))
    for out in (resnet(image), vae(image)):
        assert out.shape == image.shape
        assert bool(((out >= 0) & (out <= 1)).all())


@pytest.mark.parametrize("noise_channels", [0, 2])
def test_residual_generators_start_as_the_identity(noise_channels: int) -> None:
    image = torch.rand(2, 3, 9, 11)
    decoder = Decoder(4, 1, 1, residual=True, noise_channels=noise_channels)
    vae = EncoderDecoder(Encoder(4, 1, 1), decoder)
    assert torch.equal(ResNetGenerator(4, 1, residual=True, noise_channels=noise_channels)(image), image)
    assert torch.equal(vae(image), image)


def test_images_stay_float32_under_autocast() -> None:
    image = torch.rand(1, 3, 8, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert ResNetGenerator(4, 1)(image).dtype == torch.float32
        assert EncoderDecoder(Encoder(4, 1), Decoder(4, 1))(image).dtype == torch.float32


@pytest.mark.parametrize("num_down", [0, 1])
def test_noise_changes_every_call_and_follows_the_seed(num_down: int) -> None:
    image = torch.rand(1, 3, 8, 8)
    decoder = Decoder(4, 1, num_down, noise_channels=1)
    for network in (ResNetGenerator(4, 1, num_down, noise_channels=1),
                    EncoderDecoder(Encoder(4, 1, num_down), decoder)):  # fmt: skip
        outputs = []
        for seed in (1, 2, 1):
            torch.manual_seed(seed)
            outputs.append(network(image))
        assert not torch.equal(outputs[0], outputs[1])
        assert torch.equal(outputs[0], outputs[2])


def test_pad_to_fit_repeats_the_last_row_and_column() -> None:
    image = torch.arange(6.0).view(1, 1, 2, 3)
    padded = pad_to_fit(image, multiple=4, smallest=5)
    assert padded.shape == (1, 1, 8, 8)
    assert torch.equal(padded[..., :2, :3], image)
    assert torch.equal(padded[0, 0, 1:, 3:], torch.full((7, 5), 5.0))
    assert pad_to_fit(image, 1, 2) is image


def test_instance_norm_is_instance_norm() -> None:
    x = torch.randn(2, 5, 4, 3)
    assert torch.allclose(make_norm("instance", 5)(x), F.instance_norm(x), atol=1e-6)
    assert mixes_images(make_norm("batch", 5))
    assert not mixes_images(make_norm("layer", 5))


def test_unknown_norm_and_init_are_named() -> None:
    with pytest.raises(UserError, match=r"norm.*'instanse'.*'instance'"):
        ResNetGenerator(4, 1, norm="instanse")
    with pytest.raises(UserError, match=r"init.*'gaussian'"):
        initialise(nn.Conv2d(1, 1, 1), "gaussian")  # type: ignore[arg-type]


def test_normal_init_has_cyclegans_spread() -> None:
    conv = nn.Conv2d(64, 64, 3)
    initialise(conv, "normal")
    assert conv.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert conv.bias.abs().max().item() == 0.0
    initialise(conv, "kaiming")
    assert conv.weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)
