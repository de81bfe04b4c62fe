"""Normalisation layers by name."""

from torch import nn

from cyclesr.errors import UserError, did_you_mean
from cyclesr.models.networks.image_norm import ImageNorm

NORMS = ("instance", "batch", "layer", "none")


def make_norm(kind: str, channels: int) -> nn.Module:
    """Builds a normalisation layer.

    Args:
        kind: ``instance`` (without affine parameters, as in CycleGAN); ``batch`` (affine); ``layer`` (over the channels
            and pixels of each image, affine per channel, with scales that start at U(0, 1), as in UNIT's decoder); or
            ``none``.
        channels: number of feature maps.

    Raises:
        UserError: ``kind`` is none of these.
    """
    if kind == "instance":
        # GroupNorm with one channel per group computes the same; unlike InstanceNorm2d, it keeps channels_last.
        return ImageNorm(channels, channels, affine=False)
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "layer":
        layer = ImageNorm(1, channels)
        nn.init.uniform_(layer.weight)
        return layer
    if kind == "none":
        return nn.Identity()
    raise UserError(f"norm must be one of {', '.join(NORMS)}, found {kind!r}.{did_you_mean(str(kind), NORMS)}")


def mixes_images(network: nn.Module) -> bool:
    """Returns whether the output for an image depends on the other images of its batch, as with batch norm."""
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules())
