"""The high-to-low network: sizes, starts, what it sees, noise, and what it refuses."""

import pytest
import torch

from cyclesr.degradations.bicubic import Bicubic
from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.models.translators.bulat import HighToLow

WAYS = pytest.mark.parametrize("downsampling", ["strided", "unshuffle", "bicubic"])


@WAYS
@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("size", [(1, 1), (2, 5), (7, 4)])
def test_lr_is_smaller_by_the_scale(downsampling: str, scale: int, size: tuple[int, int]) -> None:
    hr = torch.rand(2, 3, size[0] * scale, size[1] * scale)
    network = HighToLow(scale, channels=4, num_blocks=1, downsampling=downsampling)
    lr = network(hr)
    assert lr.shape == (2, 3, *size)
    assert 0 <= lr.min() <= lr.max() <= 1


def test_the_default_is_the_way_down_and_the_blocks_of_cyclegans_generator() -> None:
    down = (4 * 49 * 64 + 64) + (64 * 9 * 128 + 128) + (128 * 9 * 256 + 256)  # the head sees noise too
    blocks = 9 * 2 * (256 * 9 * 256 + 256)
    tail = 256 * 49 * 3 + 3
    assert sum(p.numel() for p in HighToLow(4).parameters()) == down + blocks + tail


@WAYS
def test_residual_starts_as_bicubic_downsampling(downsampling: str) -> None:
    hr = torch.rand(2, 3, 24, 16)
    network = HighToLow(4, channels=4, num_blocks=1, downsampling=downsampling, residual=True)
    assert torch.equal(network(hr), Bicubic(4)(hr))


def test_what_an_lr_pixel_sees_of_hr() -> None:
    network = HighToLow(4, 8, 0, "unshuffle", "none", head_kernel=5, tail_kernel=3, noise_channels=0)
    hr = torch.rand(1, 3, 52, 52, requires_grad=True)
    network(hr)[0, :, 6, 6].sum().backward()
    rows = hr.grad.abs().sum((0, 1, 3)).nonzero()
    assert (rows.min().item(), rows.max().item()) == (12, 39)  # 3 LR pixels each way


@WAYS
def test_bicubic_alone_is_blind_to_what_bicubic_lr_loses(downsampling: str) -> None:
    down = imresize(torch.eye(40), size=(10, 40))
    stripes = torch.randn(40)
    stripes -= torch.linalg.pinv(down) @ down @ stripes
    flat = torch.full((1, 3, 40, 48), 0.5)
    striped = flat + (0.4 * stripes / stripes.abs().max()).view(40, 1)
    network = HighToLow(4, 8, 1, downsampling, "none", noise_channels=0)
    assert torch.allclose(network(striped), network(flat), atol=1e-5) == (downsampling == "bicubic")


@WAYS
def test_noise_is_fresh_and_a_level_of_zero_silences_it(downsampling: str) -> None:
    hr = torch.rand(2, 3, 16, 16)
    network = HighToLow(4, channels=4, num_blocks=1, downsampling=downsampling, noise_channels=2)
    assert not torch.equal(network(hr), network(hr))
    assert torch.equal(network(hr, noise_level=0.0), network(hr, noise_level=0.0))


def test_mistakes_are_said_in_words() -> None:
    with pytest.raises(UserError, match="2, 3, 4 or 8, found 5"):
        HighToLow(5)
    with pytest.raises(UserError, match="unshuffle or bicubic, found 'pool'"):
        HighToLow(4, channels=4, downsampling="pool")
    with pytest.raises(UserError, match="18x16 cannot be downsampled by 4"):
        HighToLow(4, channels=4, num_blocks=0)(torch.rand(1, 3, 18, 16))
