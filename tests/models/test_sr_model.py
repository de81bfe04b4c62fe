"""What all models share: the scale of an SR network whose config does not name it."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.sr_model import SRModel, _refuse_another_scale, scale_of
from cyclesr.models.supervised import SupervisedSR
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class Fixed(nn.Module):
    """Always x3, with batch norm and dropout."""

    def __init__(self, channels: int = 27) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(3, channels, 1), nn.BatchNorm2d(channels), nn.Dropout(), nn.PixelShuffle(3))

    def forward(self, lr: Tensor) -> Tensor:
        return self.net(lr)


def build(**sr: Any) -> SRModel:
    return SupervisedSR(sr=sr, sr_loss=dict(type="MSELoss"))


def test_the_config_s_scale_counts_where_there_is_one() -> None:
    assert build(type="EDSR", scale=2, channels=4, num_blocks=1).sr_entry()["scale"] == 2


@pytest.mark.parametrize(
    ("config", "scale"),
    [(dict(type="Fixed"), 3), (dict(type="torch.nn.Upsample", scale_factor=4), 4), (dict(type="torch.nn.Identity"), 1)],
)
def test_a_scale_that_is_not_in_the_config_is_found_by_trying(config: dict[str, Any], scale: int) -> None:
    model = build(**config)
    assert model.sr_entry()["scale"] == model.scale == scale
    assert model.sr_entry()["config"] == config


def test_a_network_of_another_scale_than_its_config_says() -> None:
    with pytest.raises(UserError, match="Upsample says scale=4, but it makes images x2"):
        _refuse_another_scale(nn.Upsample(scale_factor=2), 4)
    _refuse_another_scale(nn.Conv2d(3, 3, 20), 4)  # which takes no image of 16 px: not known


def test_trying_leaves_the_network_and_the_random_numbers_alone() -> None:
    network = Fixed().train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = torch.get_rng_state()
    assert scale_of(network) == 3
    assert all(module.training for module in network.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nn.Upsample(size=(20, 32)), "Upsample makes 20x32 of 16x16 pixels: no whole scale"),
        (nn.MaxPool2d(2), "MaxPool2d makes 8x8 of 16x16"),
        (nn.Conv2d(3, 3, 20), r"config of Conv2d has no 'scale', and it cannot be tried on 16x16 pixels: RuntimeError"),
    ],
)
def test_no_scale_is_guessed(network: nn.Module, message: str) -> None:
    with pytest.raises(UserError, match=message):
        scale_of(network)


class Pair(nn.Upsample):
    def forward(self, lr: Tensor) -> tuple[Tensor, Tensor]:  # as networks that return features beside the image
        return super().forward(lr), lr


@pytest.mark.parametrize(
    ("network", "made"), [(Pair(scale_factor=2), "a tuple"), (nn.Conv2d(3, 12, 1), r"\(1, 12, 16, 16\)")]
)
def test_what_is_no_image_is_refused(network: nn.Module, made: str) -> None:
    for refuse in (scale_of, lambda network: _refuse_another_scale(network, 2)):
        with pytest.raises(UserError, match=rf"made {made} of an image \(1, 3, 16, 16\).*only the image"):
            refuse(network)
