"""Normalisation layers by name."""

from torch import nn

from cyclesr.errors import UserError, did_you_mean

NORMS = ("instance", "batch", "layer", "none")


def make_norm(kind: str, channels: int) -> nn.Module:
    """A layer for feature maps of so many channels.

    Args:
        kind: ``instance`` (no affine parameters, as in CycleGAN), ``batch`` (affine), ``layer`` (over channels and
            pixels of each image, affine by channel, scales start at U(0, 1): UNIT's decoder) or ``none``.
        channels: number of feature maps.

    Raises:
        UserError: another ``kind``.
    """
    if kind == "instance":
        # GroupNorm with one channel a group is the same arithmetic; unlike InstanceNorm2d it keeps channels_last.
        return nn.GroupNorm(channels, channels, affine=False)
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "layer":
        layer = nn.GroupNorm(1, channels)
        nn.init.uniform_(layer.weight)
        return layer
    if kind == "none":
        return nn.Identity()
    raise UserError(f"norm must be one of {', '.join(NORMS)}, found {kind!r}.{did_you_mean(str(kind), NORMS)}")


def mixes_images(network: nn.Module) -> bool:
    """Whether an image's output depends on the other images of its batch, as with batch norm."""
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules())
