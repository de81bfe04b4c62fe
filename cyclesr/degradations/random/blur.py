"""A blur with a kernel that is drawn for each image."""

import math
from collections.abc import Mapping
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.degradations.imresize import pad_symmetric
from cyclesr.degradations.random.draws import Range, check_ranges, check_weights, for_each, happens, one_of, uniform
from cyclesr.degradations.random.kernels import FORMS, Form, bell_kernel, sinc_kernel
from cyclesr.registry import DEGRADATIONS

KINDS = (*FORMS, "sinc")
# Real-ESRGAN's, with its isotropic and its anisotropic kernels of a form added up.
WEIGHTS = dict(gaussian=0.63, generalised=0.135, plateau=0.135, sinc=0.1)


@DEGRADATIONS.register_module()
class RandomBlur(nn.Module):
    """Convolves each image with a kernel of its own. Borders are mirrored, so that the size is kept.

    Args:
        probability: with which an image is blurred.
        kinds: weights of the forms ``gaussian``, ``generalised``, ``plateau`` (see
            :func:`~cyclesr.degradations.random.kernels.bell_kernel`) and ``sinc``.
        sigma: range of the standard deviations, in pixels.
        isotropic: probability of a kernel without a direction; the others have two sigmas and an angle.
        generalised_power, plateau_power: ranges of the powers of these forms.
        cutoff: lowest cutoff frequency of ``sinc``, as a share of the highest frequency.
        size: (smallest, largest) odd side of the kernels, in pixels.

    Raises:
        UserError: a range that is none, or an unknown kind.

    Source: Wang et al., ICCVW 2021 (Real-ESRGAN).
    """

    def __init__(
        self,
        probability: float = 1.0,
        kinds: Mapping[str, float] | None = None,
        sigma: Range = (0.2, 3.0),
        isotropic: float = 0.7,
        generalised_power: Range = (0.5, 4.0),
        plateau_power: Range = (1.0, 2.0),
        cutoff: float = 1 / 3,
        size: tuple[int, int] = (7, 21),
    ) -> None:
        super().__init__()
        self.probability = probability
        self.kinds = dict(kinds or WEIGHTS)
        powers = dict(generalised_power=generalised_power, plateau_power=plateau_power)
        check_weights("RandomBlur", KINDS, kinds=self.kinds)
        check_ranges("RandomBlur", 0.01, sigma=sigma, **powers)
        check_ranges("RandomBlur", 1, size=size)
        self.sigma = sigma
        self.isotropic = isotropic
        self.powers = dict(gaussian=(1.0, 1.0), generalised=generalised_power, plateau=plateau_power)
        self.cutoff = cutoff
        self.size = size

    def forward(self, image: Tensor) -> Tensor:
        """Blurs images ``(N, C, H, W)``; the size is kept."""
        return for_each(image, lambda one: _convolved(one, self.kernel()) if happens(self.probability) else one)

    def kernel(self) -> Tensor:
        """Draws a kernel ``(size, size)`` in float64."""
        kind, size = one_of(self.kinds), 2 * int(uniform((self.size[0] // 2, self.size[1] // 2 + 1 - 1e-6))) + 1
        if kind == "sinc":
            return sinc_kernel(math.pi * uniform((self.cutoff, 1.0)), size)
        first = uniform(self.sigma)
        second, angle = (first, 0.0) if happens(self.isotropic) else (uniform(self.sigma), uniform((-180, 180)))
        return bell_kernel(cast(Form, kind), (first, second), angle, uniform(self.powers[kind]), size)


def _convolved(image: Tensor, kernel: Tensor) -> Tensor:
    margin, channels = len(kernel) // 2, image.shape[1]
    weights = kernel.flip(0, 1).to(image).expand(channels, 1, -1, -1)
    return F.conv2d(pad_symmetric(image, margin, margin), weights, groups=channels)
