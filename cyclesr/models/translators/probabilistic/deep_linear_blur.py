"""A free-form blur: kernels that a deep linear network parametrises, after KernelGAN (NeurIPS 2019)."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.translators.probabilistic.learnt_blur import LearntBlur, Mixing
from cyclesr.registry import MODELS

PARAMETER_UNIT = 0.1  # of the parameters: a rate of 2e-3, which suits LearntNoise, moves weights by KernelGAN's 2e-4
INITIAL_NOISE = 0.005  # standard deviation of the weights around the identity: equal channels would stay equal
SMALLEST = 1e-4  # a tap that the square root of the sparsity still tells from 0


@MODELS.register_module()
class DeepLinearBlur(LearntBlur):
    r"""Kernels of any form: the product of convolutions without bias and activation, held by KernelGAN's penalties.

    Unlike a Gaussian, such a kernel can sharpen, be asymmetric, or be a motion blur. What it may be is limited by
    penalties, :meth:`losses`, with :math:`r` the distance of a tap from the middle and :math:`R` half the side:

    - the sum is 1: :math:`|1 - \sum k|`. In addition, kernels are divided by their sum, so that no colour changes;
    - small at the boundaries: mean of :math:`|k| \exp(r - R)`;
    - sparse: mean of :math:`\sqrt{|k|}`;
    - centred: distance of the centre of mass from the middle, in pixels. Unpaired images do not show a displacement.

    With ``sides=(13,)`` there is one layer, whose taps are the kernel. Training starts near the identity.

    Args:
        num_kernels, mixing: see :class:`LearntBlur`. Each kernel has a network of its own.
        sides: odd sides of the layers in pixels; KernelGAN's give kernels of 13x13 pixels.
        channels: number of channels between the layers.
        sum_weight, boundary_weight, sparse_weight, centre_weight: weights of the penalties.

    Differs from KernelGAN (Bell-Kligler et al., NeurIPS 2019): the kernel turns ``syn`` into LR, without subsampling,
    where theirs acts on the LR image itself; it starts at the identity, where theirs starts from the loss to bicubic
    downsampling. Boundaries and sparsity are means over the taps; as sums they would outweigh the adversarial loss.
    Discriminator and its loss are those of the translator.

    Raises:
        UserError: no side, an even one, or no channel.
    """

    place: Tensor

    def __init__(
        self,
        num_kernels: int = 1,
        sides: Sequence[int] = (7, 5, 3, 1, 1, 1),
        channels: int = 64,
        mixing: Mixing = "drawn",
        sum_weight: float = 0.5,
        boundary_weight: float = 0.5,
        sparse_weight: float = 5.0,
        centre_weight: float = 1.0,
    ) -> None:
        if not sides or any(side < 1 or side % 2 == 0 for side in sides) or channels < 1:
            raise UserError(
                f"DeepLinearBlur needs layers with odd sides and at least one channel, found sides={tuple(sides)} and "
                f"channels={channels}."
            )
        super().__init__(num_kernels, 1 + sum(side - 1 for side in sides), mixing)
        widths = [1, *[channels] * (len(sides) - 1), 1]
        shapes = zip(widths[1:], widths[:-1], sides, strict=True)
        self.layers = nn.ParameterList(_near_identity(num_kernels, *shape) / PARAMETER_UNIT for shape in shapes)
        self.sum_weight = sum_weight
        self.boundary_weight = boundary_weight
        self.sparse_weight = sparse_weight
        self.centre_weight = centre_weight
        place = torch.arange(self.size) - self.size // 2
        self.register_buffer("place", place.float(), persistent=False)

    def product(self) -> Tensor:
        """Returns the product of the layers, ``(num_kernels, size, size)``, not divided by its sum."""
        taps = self.layers[0].new_ones(1, self.num_kernels, 1, 1)
        with torch.autocast(taps.device.type, enabled=False):
            for layer in self.layers:
                margin = layer.shape[-1] - 1
                taps = F.conv2d(taps, PARAMETER_UNIT * layer, padding=margin, groups=self.num_kernels)
        return taps[0]

    def kernels(self) -> Tensor:
        """Returns the kernels ``(num_kernels, size, size)``."""
        return _of_sum_1(self.product())

    def losses(self) -> dict[str, Tensor]:
        """Returns the weighted penalties, means over the kernels."""
        product = self.product()
        kernels = _of_sum_1(product)
        distance = (self.place.square() + self.place[:, None].square()).sqrt()
        centre = torch.stack([(kernels.sum(axis) * self.place).sum(-1) for axis in (-2, -1)])
        return dict(
            loss_kernel_sum=self.sum_weight * (1 - product.sum((-2, -1))).abs().mean(),
            loss_kernel_boundary=self.boundary_weight * (kernels.abs() * (distance - self.size // 2).exp()).mean(),
            loss_kernel_sparse=self.sparse_weight * (kernels.abs() + SMALLEST).sqrt().mean(),
            loss_kernel_centre=self.centre_weight * (centre.square().sum(0) + SMALLEST**2).sqrt().mean(),
        )


def _near_identity(num_kernels: int, outputs: int, inputs: int, side: int) -> Tensor:
    """Draws a layer ``(num_kernels * outputs, inputs, side, side)``; the product of such layers is almost a point."""
    layer = INITIAL_NOISE * torch.randn(num_kernels, outputs, inputs, side, side)
    same = torch.eye(outputs) if outputs == inputs else torch.full((outputs, inputs), 1 / math.sqrt(outputs * inputs))
    layer[..., side // 2, side // 2] += same
    return layer.flatten(0, 1)


def _of_sum_1(kernels: Tensor) -> Tensor:
    return kernels / kernels.sum((-2, -1), keepdim=True)
