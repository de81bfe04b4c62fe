"""A degradation that is measured from the user's images instead of learned from them."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from torch import Tensor, nn

from cyclesr.degradations.camera import FREQUENCIES, CameraMeasurement
from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.translators.base import Translation, Translator
from cyclesr.models.translators.camera.drawn_camera import DrawnCamera
from cyclesr.models.translators.camera.kernels import CameraKernels
from cyclesr.models.translators.camera.noise import CameraNoise
from cyclesr.models.translators.camera.unexplained_grain import TextureSpectrum
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
        unexplained, texture, texture_exponent: noise that stands for what this model does not explain, see
            :class:`CameraNoise`.
        stretch, gain, displacement: how kernels vary, see :class:`CameraKernels`; by default they do not.
        per_image: whether each crop gets kernel and noise of one of the user's images. Otherwise it gets the mean
            kernel, and the noise of an image that has some.
        coloured: whether the noise has the spectrum and the colours of the measured one, see :class:`CameraNoise`.
        texture_correlation, texture_spectrum: colours and spectrum of the noise that stands for what this model does
            not explain, see :class:`CameraNoise`.

    With ``per_image`` or ``coloured`` the measurements of single images come from :meth:`take`, which training calls,
    instead of from the config. A checkpoint holds them.

    Raises:
        UserError: ``mtf`` is missing or has another length, or ``noise`` is given beside ``per_image`` or ``coloured``.
    """

    PAPER: ClassVar[Paper] = Paper("Ji et al., CVPRW 2020")
    TINY: ClassVar[dict[str, Any]] = dict(mtf=[1.0] * len(FREQUENCIES), noise=[(0.01, 0.0)])

    def __init__(
        self,
        mtf: Sequence[float] | None = None,
        noise: Sequence[tuple[float, float]] = (),
        unexplained: tuple[float, float] = (3.0, 3.0),
        texture: float = 0.3,
        texture_exponent: float = 1.0,
        stretch: float = 0.0,
        gain: float = 0.0,
        displacement: float = 0.0,
        per_image: bool = False,
        coloured: bool = False,
        texture_correlation: float = 0.0,
        texture_spectrum: TextureSpectrum = "white",
    ) -> None:
        super().__init__()
        if mtf is None or len(mtf) != len(FREQUENCIES):
            found = "none" if mtf is None else f"{len(mtf)} numbers"
            raise UserError(
                f"CameraDegradation needs the measured mtf, {len(FREQUENCIES)} numbers, found {found}: training "
                "measures it from the folder 'real'."
            )
        single = per_image or coloured
        if single and noise:
            raise UserError("With per_image or coloured, noise is measured for each image: leave 'noise' out.")
        kernels = CameraKernels(None if per_image else mtf, stretch=stretch, gain=gain, displacement=displacement)
        levels = None if single else noise
        drawn = CameraNoise(
            levels, unexplained, texture, texture_exponent, coloured, texture_correlation, texture_spectrum
        )
        self.generators = nn.ModuleDict({"to_real": DrawnCamera(kernels, drawn)})
        self.discriminators = nn.ModuleDict()

    @classmethod
    def needs_measurement(cls, config: dict[str, Any]) -> bool:
        """Returns whether a config of this translator lacks something that is measured."""
        return config.get("mtf") is None or _draws_single_images(config)

    @classmethod
    def measured(cls, config: dict[str, Any], camera: CameraMeasurement) -> dict[str, Any]:
        """Returns a config of this translator with what was measured; what it says already stays."""
        found: dict[str, Any] = dict(mtf=[round(float(gain), 4) for gain in camera.mtf])
        if not _draws_single_images(config):
            found["noise"] = [(noise.read, noise.shot) for noise in camera.noises]
        return {**found, **{key: value for key, value in config.items() if value is not None}}

    def take(self, camera: CameraMeasurement) -> None:
        """Takes the measurements of single images that its options need."""
        cast(DrawnCamera, self.generators["to_real"]).measure(camera)

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes ``fake_real``; there is no way back."""
        return Translation(self.degrade(syn))

    def expected(self, syn: Tensor) -> Tensor:
        """Returns ``syn`` ``(N, 3, h, w)`` convolved with the mean kernel, without noise and rounding."""
        return cast(DrawnCamera, self.generators["to_real"]).expected(syn)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns no loss."""
        return {}

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns no loss."""
        return {}


def _draws_single_images(config: dict[str, Any]) -> bool:
    return bool(config.get("per_image") or config.get("coloured"))
