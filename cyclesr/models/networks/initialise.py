"""How weights start."""

from typing import Literal

from torch import nn

from cyclesr.errors import UserError, did_you_mean

Init = Literal["normal", "kaiming", "default"]
INITS = ("normal", "kaiming", "default")


def initialise(network: nn.Module, init: Init) -> None:
    """Draws the convolutions' weights anew and sets their biases to 0.

    Args:
        network: convolutions and transposed convolutions anywhere inside are drawn; norm layers stay as they are,
            except with ``normal``: batch norm's weights become N(1, 0.02), as in CycleGAN.
        init: ``normal`` is N(0, 0.02) (CycleGAN), ``kaiming`` is N(0, 2 / fan_in) (He et al.), ``default`` leaves
            PyTorch's own draw.

    Raises:
        UserError: another ``init``.
    """
    if init not in INITS:
        raise UserError(f"init must be one of {', '.join(INITS)}, found {init!r}.{did_you_mean(str(init), INITS)}")
    if init == "default":
        return
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            _draw(module, init)
        elif isinstance(module, nn.BatchNorm2d) and init == "normal":
            nn.init.normal_(module.weight, 1.0, 0.02)


def _draw(conv: nn.Conv2d | nn.ConvTranspose2d, init: Init) -> None:
    if init == "normal":
        nn.init.normal_(conv.weight, 0.0, 0.02)
    else:
        nn.init.kaiming_normal_(conv.weight)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)


def zero(conv: nn.Conv2d | nn.ConvTranspose2d) -> None:
    """Sets a convolution to zero, so that a branch that ends in it starts with no effect."""
    nn.init.zeros_(conv.weight)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
