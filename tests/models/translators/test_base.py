"""What translators share: weights by direction, and passes that are joined only where that changes nothing."""

import pytest
import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.multiscale_discriminator import MultiScaleDiscriminator
from cyclesr.models.networks.resnet_generator import ResNetGenerator
from cyclesr.models.translators.base import Translator, batched, by_direction


def test_weights_by_direction() -> None:
    assert by_direction("w", 3) == {"syn": 3.0, "real": 3.0}
    assert by_direction("w", dict(syn=1, real=0)) == {"syn": 1.0, "real": 0.0}
    with pytest.raises(UserError, match=r"cycle_weight must be a number or dict\(syn=..., real=...\), found.*'rael'"):
        by_direction("cycle_weight", dict(syn=1, rael=0))


def test_a_translator_must_define_its_methods() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Translator()


class Counted(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.network(x)


@pytest.mark.parametrize(("norm", "calls"), [("instance", 1), ("none", 1), ("batch", 2)])
def test_joined_passes_give_the_same_numbers(norm: str, calls: int) -> None:
    network = Counted(ResNetGenerator(4, 1, 1, norm).double())
    first, second = torch.rand(2, 3, 8, 8).double(), torch.rand(1, 3, 8, 8).double()
    outputs = batched(network, (first,), (second,))
    assert network.calls == calls
    for out, image in zip(outputs, (first, second), strict=True):
        assert torch.allclose(out, network.network(image), atol=1e-12)


def test_images_of_different_sizes_run_one_by_one() -> None:
    network = Counted(ResNetGenerator(4, 1, 1))
    outputs = batched(network, (torch.rand(1, 3, 8, 8),), (torch.rand(1, 3, 6, 8),))
    assert (network.calls, [o.shape[-2] for o in outputs]) == (2, [8, 6])


def test_lists_of_logits_are_split_by_scale() -> None:
    network = MultiScaleDiscriminator(2, 2, 2)
    first, second = torch.rand(2, 3, 16, 16), torch.rand(3, 3, 16, 16)
    outputs = batched(network, (first,), (second,))
    for out, image in zip(outputs, (first, second), strict=True):
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(out, network(image), strict=True))
