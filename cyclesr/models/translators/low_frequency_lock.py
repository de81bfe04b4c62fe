"""The low-frequency lock: a translated image keeps the colours and the brightness of the image it was made from."""

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.degradations.imresize import imresize, pad_symmetric
from cyclesr.errors import UserError


def lock_low_frequencies(made: Tensor, image: Tensor, side: int) -> Tensor:
    """Replaces the low frequencies of a translated image by those of its source: ``made - lp(made) + lp(image)``.

    ``lp`` is the mean over ``side`` x ``side`` pixels. The image is mirrored at its borders with the edge pixels
    repeated, so that ``lp``, and with it the lock, keeps the mean of the whole image exactly. The mean over a part of
    ``L`` x ``L`` pixels changes by what the boxes on its border mix: by less than ``side / L`` times the largest
    ``abs(made - image)``, and not at all if ``made`` differs from ``image`` by a constant.

    Args:
        made: ``(N, 3, h, w)``, what a generator made of ``image``.
        image: ``(N, 3, h, w)``.
        side: odd side of the box, in pixels.
    """
    change = pad_symmetric(made - image, side // 2, side // 2)
    return made - F.avg_pool2d(change, side, stride=1)


class LowFrequencyLock:
    """A forward hook that applies :func:`lock_low_frequencies` to what a network returns.

    A hook changes neither the names of the weights nor the class of the network, which can be of another package.

    Args:
        side: odd side of the box, in pixels of the output.
        position: which positional argument of the network is the source image. An image of another size than the
            output (HR) is first resized to it, as in Eq. (1).
    """

    def __init__(self, side: int, position: int) -> None:
        self.side = side
        self.position = position

    def __call__(self, network: nn.Module, arguments: tuple[Tensor, ...], made: Tensor) -> Tensor:
        """Returns the locked output; see ``torch.nn.Module.register_forward_hook``."""
        image, size = arguments[self.position], made.shape[-2:]
        if image.shape[-2:] != size:
            image = imresize(image, size=(size[0], size[1])).clamp(0, 1)
        return lock_low_frequencies(made, image, self.side)


def check_side(side: int) -> None:
    """Checks the side of the box of a lock; 0 stands for no lock.

    Raises:
        UserError: a side that is negative, even or 1. The mean over one pixel is the pixel: nothing could be changed.
    """
    if side and (side < 3 or side % 2 == 0):
        raise UserError(f"low_frequency_lock must be 0 (off) or an odd number of LR pixels from 3 on, found {side}.")
