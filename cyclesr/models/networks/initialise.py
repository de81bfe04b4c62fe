"""Initialisation of weights."""

from typing import Literal

from torch import nn

from cyclesr.errors import UserError, did_you_mean

Init = Literal["normal", "kaiming", "default"]
INITS = ("normal", "kaiming", "default")


def initialise(network: nn.Module, init: Init) -> None:
    """Initialises the weights of all convolutions and transposed convolutions, and sets their biases to 0.

    Norm layers are not changed, except by ``normal``, which draws the weights of batch norms from N(1, 0.02), as in
    CycleGAN.

    Args:
        network: network to initialise in place.
        init: ``normal`` is N(0, 0.02) (CycleGAN); ``kaiming`` is a normal distribution of variance 2 / fan_in (He et
            al.); ``default`` keeps PyTorch's initialisation, including the biases.

    Raises:
        UserError: ``init`` is none of these.
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
    """Sets weights and bias of a convolution to zero, so that a branch that ends in it starts without effect."""
    nn.init.zeros_(conv.weight)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
