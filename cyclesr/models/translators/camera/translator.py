"""A degradation that is measured from the user's images instead of learned from them."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from cyclesr.degradations.camera import FREQUENCIES, CameraMeasurement
from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.translators.base import Translation, Translator
from cyclesr.models.translators.camera.kernels import CameraKernels
from cyclesr.models.translators.camera.noise import CameraNoise
from cyclesr.registry import TRANSLATORS


@TRANSLATORS.register_module()
class CameraDegradation(Translator):
    """Kernel and noise of a camera, measured from its images and drawn anew for each image; nothing is trained.

    ``fake_real`` is ``syn``, convolved with a kernel around the measured MTF, with noise, rounded to 256 levels. The
    MTF is free-form: unlike that of a blur it may exceed 1, as that of a camera that sharpens does. Training measures
    ``mtf`` and ``noise`` from the folder ``real`` if the config leaves ``mtf`` out (:meth:`measured`).

    Kernel estimation and noise injection are those of Ji et al.; they estimate kernels by KernelGAN and take noise from
    flat patches, and nothing there stands for what is unexplained.

    It has no weights: no stage ``translation`` is needed, and in the stage ``joint`` only the SR network learns.

    Args:
        mtf: ``(frequencies,)`` gains at :data:`~cyclesr.degradations.camera.FREQUENCIES`.
        noise: ``(read, shot)`` of each of the user's images, in units of [0, 1].
        unexplained, texture: noise that stands for what this model does not explain, see :class:`CameraNoise`.
        stretch, gain, displacement: how kernels vary, see :class:`CameraKernels`; by default they do not.

    Raises:
        UserError: ``mtf`` is missing or has another length.
    """

    PAPER: ClassVar[Paper] = Paper("Ji et al., CVPRW 2020")
    TINY: ClassVar[dict[str, Any]] = dict(mtf=[1.0] * len(FREQUENCIES), noise=[(0.01, 0.0)])

    def __init__(
        self,
        mtf: Sequence[float] | None = None,
        noise: Sequence[tuple[float, float]] = (),
        unexplained: tuple[float, float] = (3.0, 3.0),
        texture: float = 0.3,
        stretch: float = 0.0,
        gain: float = 0.0,
        displacement: float = 0.0,
    ) -> None:
        super().__init__()
        if mtf is None or len(mtf) != len(FREQUENCIES):
            found = "none" if mtf is None else f"{len(mtf)} numbers"
            raise UserError(
                f"CameraDegradation needs the measured mtf, {len(FREQUENCIES)} numbers, found {found}: training "
                "measures it from the folder 'real'."
            )
        kernels = CameraKernels(mtf, stretch=stretch, gain=gain, displacement=displacement)
        self.generators = nn.ModuleDict(
            {"to_real": nn.Sequential(kernels, CameraNoise(noise, unexplained, texture), EightBit())}
        )
        self.discriminators = nn.ModuleDict()

    @classmethod
    def measured(cls, config: dict[str, Any], camera: CameraMeasurement) -> dict[str, Any]:
        """Returns a config of this translator with what was measured; what it says already stays."""
        levels = [(noise.read, noise.shot) for noise in camera.noises]
        found = dict(mtf=[round(float(gain), 4) for gain in camera.mtf], noise=levels)
        return {**found, **{key: value for key, value in config.items() if value is not None}}

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes ``fake_real``; there is no way back."""
        return Translation(self.degrade(syn))

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns no loss."""
        return {}

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns no loss."""
        return {}


class EightBit(nn.Module):
    """Rounds to the 256 levels of an image file."""

    def forward(self, image: Tensor) -> Tensor:
        """Clamps and rounds ``(N, 3, h, w)``."""
        return torch.round(255 * image.clamp(0, 1)) / 255
