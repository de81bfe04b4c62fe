"""The consistency of SR on real images: degraded again, SR of a real image must give that image back."""

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.losses.precision import full
from cyclesr.models.networks.held_statistics import held_statistics
from cyclesr.models.translators.base import Translator
from cyclesr.registry import MODELS

CRITERIA = ("l1", "mse")


@MODELS.register_module()
class RealConsistency(nn.Module):
    """The distance between a real LR image and the degradation of its SR image, for the SR network only.

    Pairs made of HR images show the SR network only degradations that the translator knows. This term is the only one
    that sees what the network makes of real images. It does not need their HR images: whatever they are, their
    degradation is known. What the degradation removes remains free, and so does noise, which would otherwise have to
    come back: ``low_pass`` averages it, ``tolerance`` ignores it.

    The degradation is the one of Eq. (1) followed by
    :meth:`~cyclesr.models.translators.base.Translator.expected`, G1 without its random part. G1 is a constant here: it
    would otherwise learn to make this term small.

    Args:
        weight: of the term beside the SR loss of Eq. (3).
        criterion: ``l1`` or ``mse``, of images in [0, 1].
        low_pass: the images are compared by their means over squares of this side, LR pixels; 0 compares pixels.
        tolerance: differences up to this many levels of 255 cost nothing, larger ones what exceeds it; with
            ``low_pass``, differences of the means. The level of the noise in the images is a suitable value.
        border: LR pixels on each side of a crop that are not compared: they depend on what lies outside of it.

    Raises:
        UserError: an unknown criterion, or a number that is negative.
    """

    def __init__(
        self,
        weight: float = 1.0,
        criterion: Literal["l1", "mse"] = "l1",
        low_pass: int = 0,
        tolerance: float = 0.0,
        border: int = 4,
    ) -> None:
        super().__init__()
        if criterion not in CRITERIA:
            raise UserError(f"consistency.criterion must be one of {', '.join(CRITERIA)}, found {criterion!r}.")
        if min(weight, low_pass, tolerance, border) < 0:
            raise UserError(
                "The weight, low_pass, tolerance and border of consistency must not be negative, found "
                f"{weight:g}, {low_pass}, {tolerance:g} and {border}."
            )
        self.weight = weight
        self.criterion = criterion
        self.low_pass = low_pass
        self.tolerance = tolerance / 255
        self.border = border

    def forward(self, back: Tensor, real: Tensor) -> Tensor:
        """Returns the weighted loss of the degraded SR images and the real ones, both ``(N, 3, h, w)`` in [0, 1].

        Raises:
            UserError: nothing of the images is left inside the border, or less than ``low_pass``.
        """
        error = self._averaged(*full(back - real)).abs()
        excess = F.relu(error - self.tolerance) if self.tolerance else error
        return self.weight * (excess if self.criterion == "l1" else excess.square()).mean()

    def of_network(
        self, sr: nn.Module, degradation: Callable[[Tensor], Tensor], translator: Translator, real: Tensor
    ) -> Tensor:
        """Returns the weighted loss of an SR network on real images.

        Gradients reach only the SR network. Batch norms use the statistics of this batch, as in training, and keep
        their running statistics: those of the SR network come from ``fake_real``, those of G1 from ``syn``.

        Args:
            sr: the SR network.
            degradation: HR -> syn, Eq. (1).
            translator: the other part of the degradation.
            real: ``(N, 3, h, w)`` in [0, 1].

        Raises:
            UserError: no gradient passes through the degradation.
        """
        with held_statistics(sr, translator):
            (sr_real,) = full(sr(real))
            image = sr_real.detach().requires_grad_()
            loss = self(translator.expected(translator.source(degradation(image), image)), real)
        if not loss.requires_grad:
            raise UserError(
                "consistency needs gradients through model.degradation and through the method 'expected' of "
                f"{type(translator).__name__}, and there are none: leave out JPEG and rounding."
            )
        # Differentiated now, because G1 may step before the SR network does; only the path to the latter remains.
        (slope,) = torch.autograd.grad(loss, image)
        return loss.detach() + ((sr_real - image.detach()) * slope).sum()

    def _averaged(self, error: Tensor) -> Tensor:
        side = max(self.low_pass, 1)
        if min(error.shape[-2:]) < 2 * self.border + side:
            raise UserError(
                f"consistency compares squares of {side} px inside a border of {self.border} px, which an LR crop of "
                f"{min(error.shape[-2:])} px does not have: reduce consistency.border or low_pass, or enlarge the crop."
            )
        inside = error[..., self.border : error.shape[-2] - self.border, self.border : error.shape[-1] - self.border]
        return F.avg_pool2d(inside, side, stride=1) if self.low_pass else inside
