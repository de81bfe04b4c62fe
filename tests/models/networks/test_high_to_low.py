"""The high-to-low network: sizes, initial output, receptive field, noise and errors."""

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


def test_the_default_has_the_downsampling_and_the_blocks_of_cyclegan() -> None:
    down = (4 * 49 * 64 + 64) + (64 * 9 * 128 + 128) + (128 * 9 * 256 + 256)  # the head also receives noise
    blocks = 9 * 2 * (256 * 9 * 256 + 256)
    tail = 256 * 49 * 3 + 3
    assert sum(p.numel() for p in HighToLow(4).parameters()) == down + blocks + tail


@WAYS
def test_residual_starts_as_bicubic_downsampling(downsampling: str) -> None:
    hr = torch.rand(2, 3, 24, 16)
    network = HighToLow(4, channels=4, num_blocks=1, downsampling=downsampling, residual=True)
    assert torch.equal(network(hr), Bicubic(4)(hr))


def test_receptive_field_of_an_lr_pixel() -> None:
    network = HighToLow(4, 8, 0, "unshuffle", "none", head_kernel=5, tail_kernel=3, noise_channels=0)
    hr = torch.rand(1, 3, 52, 52, requires_grad=True)
    network(hr)[0, :, 6, 6].sum().backward()
    rows = hr.grad.abs().sum((0, 1, 3)).nonzero()
    assert (rows.min().item(), rows.max().item()) == (12, 39)  # 3 LR pixels each way


@WAYS
def test_only_bicubic_ignores_detail_that_bicubic_lr_loses(downsampling: str) -> None:
    down = imresize(torch.eye(40), size=(10, 40))
    stripes = torch.randn(40)
    stripes -= torch.linalg.pinv(down) @ down @ stripes
    flat = torch.full((1, 3, 40, 48), 0.5)
    striped = flat + (0.4 * stripes / stripes.abs().max()).view(40, 1)
    network = HighToLow(4, 8, 1, downsampling, "none", noise_channels=0)
    assert torch.allclose(network(striped), network(flat), atol=1e-5) == (downsampling == "bicubic")


@WAYS
def test_noise_differs_in_each_call_unless_its_level_is_zero(downsampling: str) -> None:
    hr = torch.rand(2, 3, 16, 16)
    network = HighToLow(4, channels=4, num_blocks=1, downsampling=downsampling, noise_channels=2)
    assert not torch.equal(network(hr), network(hr))
    assert torch.equal(network(hr, noise_level=0.0), network(hr, noise_level=0.0))


def test_mistakes() -> None:
    with pytest.raises(UserError, match="2, 3, 4 or 8, found 5"):
        HighToLow(5)
    with pytest.raises(UserError, match=r"downsampling.*'pool'"):
        HighToLow(4, channels=4, downsampling="pool")
    with pytest.raises(UserError, match=r"18x16.*4"):
        HighToLow(4, channels=4, num_blocks=0)(torch.rand(1, 3, 18, 16))
