"""Bicubic upscaling and a network at HR size."""

import pytest
import torch

from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.models.backbones import Upscaled


def test_a_residual_network_starts_as_bicubic_upscaling() -> None:
    lr = torch.rand(2, 3, 12, 9)
    network = Upscaled(4, dict(channels=4, num_blocks=1, residual=True))
    inside = (..., slice(8, -8), slice(8, -8))
    assert torch.allclose(network(lr)[inside], imresize(lr, 4).clamp(0, 1)[inside], atol=1e-5)


def test_the_network_sees_the_enlarged_image() -> None:
    lr = torch.rand(1, 3, 8, 8)
    network = Upscaled(2, dict(channels=4, num_blocks=1))
    assert network.enlarge(lr).shape == (1, 3, 16, 16)
    assert 0 <= network.enlarge(lr).min() <= network.enlarge(lr).max() <= 1
    assert torch.equal(network(lr), network.network(network.enlarge(lr)))


def test_the_scale_is_at_least_1() -> None:
    with pytest.raises(UserError, match="found 0"):
        Upscaled(0)
