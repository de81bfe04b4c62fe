"""Discriminators: published sizes, receptive fields, options, and errors for small images."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cyclesr.errors import UserError
from cyclesr.models.networks.multiscale_discriminator import MultiScaleDiscriminator
from cyclesr.models.networks.patch_discriminator import PatchDiscriminator
from cyclesr.models.networks.vgg_discriminator import VGGDiscriminator
from cyclesr.registry import MODELS


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_default_sizes_are_the_published_ones() -> None:
    assert parameters(PatchDiscriminator()) == 2_764_737
    assert parameters(MultiScaleDiscriminator()) == 8_271_171
    assert parameters(VGGDiscriminator()) == 14_499_401


@pytest.mark.parametrize(("num_layers", "field"), [(1, 16), (2, 34), (3, 70)])
def test_field_of_view_by_gradient(num_layers: int, field: int) -> None:
    network = PatchDiscriminator(2, num_layers, norm="none").double()  # with norms, a logit depends on all pixels
    nn.init.uniform_(network.layers[0].weight, 0.1, 1.0)
    image = torch.rand(1, 3, 160, 160, dtype=torch.float64, requires_grad=True)
    logits = network(image)
    middle = logits.shape[-1] // 2
    (gradient,) = torch.autograd.grad(logits[0, 0, middle, middle], image)
    seen = gradient.abs().sum((0, 1)) > 0
    assert (seen.any(0).sum().item(), seen.any(1).sum().item()) == (field, field)


def test_logit_maps_have_the_released_sizes() -> None:
    with torch.no_grad():
        assert PatchDiscriminator(4)(torch.rand(1, 3, 120, 120)).shape == (1, 1, 13, 13)
        maps = MultiScaleDiscriminator(4)(torch.rand(1, 3, 120, 120))
    assert [m.shape[-2:] for m in maps] == [(7, 7), (3, 3), (1, 1)]


@pytest.mark.parametrize("num_layers", [1, 2, 3])
def test_smallest_image_is_just_accepted(num_layers: int) -> None:
    network = PatchDiscriminator(2, num_layers)
    network(torch.rand(1, 3, network.smallest, network.smallest))
    with pytest.raises(UserError, match=f"at least {network.smallest} px"):
        network(torch.rand(1, 3, network.smallest - 1, 99))


@pytest.mark.parametrize(("num_layers", "num_scales"), [(2, 1), (2, 2), (3, 2), (4, 3)])
def test_smallest_image_of_several_scales(num_layers: int, num_scales: int) -> None:
    network = MultiScaleDiscriminator(2, num_layers, num_scales)
    smallest = (2**num_layers - 1) * 2 ** (num_scales - 1) + 1
    assert len(network(torch.rand(1, 3, smallest, smallest))) == num_scales
    with pytest.raises(UserError, match=f"at least {smallest} px"):
        network(torch.rand(1, 3, smallest - 1, 99))


def test_high_pass_hides_colour_and_keeps_structure() -> None:
    network = PatchDiscriminator(2, 1, high_pass=5)
    image = torch.rand(1, 3, 16, 16)
    assert torch.allclose(network.view(image), network.view(0.5 * image) * 2, atol=1e-6)
    assert torch.allclose(network.view(image), network.view(image + 0.25), atol=1e-6)
    blurred = F.conv2d(image, torch.full((3, 1, 5, 5), 1 / 25), groups=3)
    assert torch.allclose(network.view(image)[..., 2:-2, 2:-2], 2 * (image[..., 2:-2, 2:-2] - blurred), atol=1e-6)
    with pytest.raises(UserError, match="odd"):
        PatchDiscriminator(2, 1, high_pass=4)


def test_input_noise_is_added_only_in_training() -> None:
    network = PatchDiscriminator(2, 1, input_noise=0.5)
    image = torch.full((1, 3, 64, 64), 0.5)
    assert network.view(image).std().item() == pytest.approx(0.5, rel=0.05)
    assert network.eval().view(image).abs().max().item() == 0.0


@pytest.mark.parametrize("build", [PatchDiscriminator, MultiScaleDiscriminator])
def test_spectral_norm_bounds_every_layer(build: type[nn.Module]) -> None:
    network = build(channels=4, num_layers=2, norm="spectral")
    for _ in range(30):
        network(torch.rand(1, 3, 32, 32))
    network.eval()
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    largest = [torch.linalg.matrix_norm(c.weight.flatten(1), 2).item() for c in convolutions]
    assert largest == pytest.approx([1.0] * len(largest), rel=0.05)


@pytest.mark.parametrize("norm", ["instance", "batch", "none", "spectral"])
def test_every_parameter_gets_a_gradient(norm: str) -> None:
    for network in (PatchDiscriminator(4, 2, norm), MultiScaleDiscriminator(4, 2, 2, norm)):
        logits = network(torch.rand(2, 3, 24, 24))
        maps = [logits] if isinstance(logits, torch.Tensor) else logits
        sum(m.square().mean() for m in maps).backward()
        assert [name for name, p in network.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize(
    ("crop", "pairs", "side"), [(8, 1, 4), (9, 1, 4), (31, 2, 7), (32, 3, 4), (128, 5, 4), (480, 6, 7)]
)
def test_vgg_discriminator_halves_any_crop_to_4_to_7_pixels(crop: int, pairs: int, side: int) -> None:
    network = VGGDiscriminator(crop, channels=1)
    assert len([m for m in network.modules() if isinstance(m, nn.Conv2d)]) == 2 * pairs
    assert network.features(torch.rand(1, 3, crop, crop)).shape == (1, min(2 ** (pairs - 1), 8), side, side)


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_vgg_discriminator_has_one_logit_per_image_and_trains_every_parameter(norm: str) -> None:
    network = MODELS.build(dict(type="VGGDiscriminator", crop=16, channels=2, norm=norm))
    logits = network(torch.rand(3, 3, 16, 16))
    assert logits.shape == (3, 1)
    logits.square().mean().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []
    assert any(isinstance(m, nn.BatchNorm2d) for m in network.modules()) == (norm == "batch")


def test_vgg_discriminator_names_the_field_to_change() -> None:
    with pytest.raises(UserError, match=r"16 px.*\(16, 20\).*discriminator\.crop"):
        VGGDiscriminator(16, 2)(torch.rand(2, 3, 16, 20))
    with pytest.raises(UserError, match=r"crop.*8 px.*7"):
        VGGDiscriminator(7)
