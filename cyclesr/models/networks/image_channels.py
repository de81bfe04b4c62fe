"""Images that are not RGB: the argument ``image_channels`` of networks."""

from typing import Any

from torch import nn


def of_channels(image_channels: int) -> dict[str, Any]:
    """Returns the argument for a network inside another; none for RGB, because other people's networks lack it."""
    return {} if image_channels == 3 else {"image_channels": image_channels}


def channels_of(network: nn.Module) -> int:
    """Returns the number of channels of the images that a network takes: its ``image_channels``, or 3 without one."""
    found = getattr(network, "image_channels", 3)
    return found if isinstance(found, int) else 3
