"""Padded: another network on images of any size, and its errors."""

import pytest
import torch
from torch import Tensor, nn

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.errors import UserError
from cyclesr.inference.upscale import Upscaler
from cyclesr.models.backbones import EDSR, Padded
from cyclesr.models.backbones.padded import mirror_to_fit


class Windows(nn.Module):
    """A network of another package: it takes multiples of 4 of at least 8 and names its scale differently."""

    def __init__(self, upscale: int = 2) -> None:
        super().__init__()
        self.upscale = upscale
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, lr: Tensor) -> Tensor:
        height, width = lr.shape[-2:]
        if height % 4 or width % 4 or min(height, width) < 8:
            raise RuntimeError(f"no windows of {width}x{height}")
        return self.conv(lr).repeat_interleave(self.upscale, 2).repeat_interleave(self.upscale, 3)


WINDOWS = dict(type=f"{__name__}.Windows")


def test_padding_mirrors_then_repeats() -> None:
    image = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).view(1, 1, 2, 3)
    expected = torch.tensor([[1.0, 2, 3, 2], [4, 5, 6, 5], [1, 2, 3, 2], [1, 2, 3, 2]])
    assert torch.equal(mirror_to_fit(image, 4, 1)[0, 0], expected)
    assert mirror_to_fit(image, 1, 1) is image
    assert mirror_to_fit(image, 4, 9).shape == (1, 1, 12, 12)


@torch.no_grad()
def test_the_network_sees_mirrored_images_and_the_result_is_cropped() -> None:
    padded = Padded(2, WINDOWS, multiple=4, smallest=8)
    for size in ((17, 5), (1, 9), (8, 12)):
        lr = torch.rand(2, 3, *size)
        # A 1x1 convolution does not see the padding.
        expected = padded.network.conv(lr).repeat_interleave(2, 2).repeat_interleave(2, 3)
        torch.testing.assert_close(padded(lr), expected)
    edsr = Padded(3, dict(type="EDSR", channels=4, num_blocks=1), multiple=8)
    assert isinstance(edsr.network, EDSR)
    lr = torch.rand(1, 3, 5, 8)
    wide = torch.cat((lr, lr[:, :, 1:4].flip(2)), dim=2)
    torch.testing.assert_close(edsr(lr), edsr.network(wide)[:, :, :15])


def test_a_checkpoint_of_it_upscales_odd_sizes(tmp_path) -> None:
    config = dict(type="Padded", scale=2, network=WINDOWS, multiple=4, smallest=8)
    network = Padded(2, WINDOWS, multiple=4, smallest=8)
    torch.save(dict(sr_network=dict(config=config, scale=2, state_dict=network.state_dict())), tmp_path / "net.pth")
    loaded, scale = load_sr(tmp_path / "net.pth")
    lr = torch.rand(3, 11, 7)
    torch.testing.assert_close(Upscaler(loaded, scale)(lr), network(lr[None])[0].detach())


@pytest.mark.parametrize("kind", ["os.system", "builtins.dict"])
def test_a_checkpoint_does_not_choose_what_else_is_called(tmp_path, kind: str) -> None:
    config = dict(type="Padded", scale=2, network=dict(type=kind))
    torch.save(dict(sr_network=dict(config=config, scale=2, state_dict={})), tmp_path / "net.pth")
    with pytest.raises(UserError, match=f"'{kind}'.*class"):
        load_sr(tmp_path / "net.pth")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(scale=0), "scale of Padded.*found 0"),
        (dict(scale="2"), "scale of Padded.*found '2'"),
        (dict(multiple=0), "multiple of Padded.*found 0"),
        (dict(smallest=-1), "smallest of Padded.*found -1"),
        (dict(network=dict(channels=8)), r"Padded.*type.*\{'channels': 8\}"),
        (dict(network=dict(type="EDSSR")), "'EDSSR'.*'EDSR'"),
        (dict(network=dict(WINDOWS, width=8)), "Windows.*'width'"),
    ],
)
def test_mistakes(arguments, message) -> None:
    with pytest.raises(UserError, match=message):
        Padded(**{"scale": 2, "network": WINDOWS, **arguments})


def test_a_network_of_another_scale_is_not_cropped_to_fit() -> None:
    with pytest.raises(UserError, match=r"Padded.*2.*Windows.*12x8.*48x32"):
        Padded(2, dict(WINDOWS, upscale=4), multiple=4, smallest=8)(torch.rand(1, 3, 5, 11))
