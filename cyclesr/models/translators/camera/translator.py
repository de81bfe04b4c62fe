"""A degradation that is measured from the user's images instead of learned from them."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, cast

from torch import Tensor, nn

from cyclesr.degradations.camera import FREQUENCIES, CameraMeasurement
from cyclesr.descriptions import Paper
from cyclesr.errors import UserError, did_you_mean
from cyclesr.models.translators.adversarial import Adversarial, build_discriminators
from cyclesr.models.translators.base import Translation, Translator, with_defaults
from cyclesr.models.translators.camera.coloured_grain import ColouredGrain
from cyclesr.models.translators.camera.compression import CameraCompression
from cyclesr.models.translators.camera.drawn_camera import DrawnCamera
from cyclesr.models.translators.camera.kernels import CameraKernels
from cyclesr.models.translators.camera.noise import CameraNoise
from cyclesr.models.translators.camera.noise_bank import NoiseBank
from cyclesr.models.translators.camera.refinement import JUDGE, Refine, Refinement, measured_spreads
from cyclesr.models.translators.camera.unexplained_grain import TextureSpectrum
from cyclesr.registry import TRANSLATORS

_SINGLE = ("per_image", "coloured", "bank", "compressed")  # options that need measurements of single images


@TRANSLATORS.register_module()
class CameraDegradation(Translator):
    """Kernel and noise of a camera, measured from its images and drawn anew for each image; nothing is trained.

    ``fake_real`` is ``syn``, convolved with a kernel around the measured MTF, with noise, rounded as an image file
    is. The MTF is free-form: unlike that of a blur it may exceed 1, as that of a camera that sharpens does. Training
    measures ``mtf`` and ``noise`` from the folder ``real`` if the config leaves ``mtf`` out (:meth:`measured`).

    Kernel estimation and noise injection are those of Ji et al.; they estimate kernels by KernelGAN and take noise from
    flat patches, and nothing there stands for what is unexplained.

    Without ``refine`` it has no weights: no stage ``translation`` is needed, and in the stage ``joint`` only the SR
    network learns.

    Args:
        mtf: ``(frequencies,)`` gains at :data:`~cyclesr.degradations.camera.FREQUENCIES`.
        noise: ``(read, shot)`` of each of the user's images, in units of [0, 1].
        unexplained, texture, texture_exponent: noise that stands for what this model does not explain, see
            :class:`CameraNoise`.
        stretch, gain, displacement: how kernels vary, see :class:`CameraKernels`; by default they do not.
        per_image: whether each crop gets kernel and noise of one of the user's images. Otherwise it gets the mean
            kernel, and the noise of an image that has some.
        coloured: whether the noise of the images is Gaussian noise with their spectrum and their colours, see
            :class:`~cyclesr.models.translators.camera.coloured_grain.ColouredGrain`.
        bank: whether it is flat patches of the images themselves, scaled to the level at each brightness, see
            :class:`~cyclesr.models.translators.camera.noise_bank.NoiseBank`. With neither it is white Gaussian noise.
        compressed: whether each crop is compressed as one of the images is: a JPEG with the same quantisation tables
            and chroma subsampling. Crops of images without traces of compression are not.
        texture_correlation, texture_spectrum: colours and spectrum of the noise that stands for what this model does
            not explain, see :class:`CameraNoise`.
        refine: arguments of :class:`~cyclesr.models.translators.camera.refinement.Refine`; ``{}`` for its defaults.
            Gains of the MTF and the level of the measured noise then learn from a discriminator, held near what was
            measured. They need a stage ``translation``. The SR network's feedback does not move them, because any
            blur and noise make SR harder. None learns nothing.
        image_channels: number of channels of the images. Compression is that of gray or RGB images.
        bits: depth to which ``fake_real`` is rounded, 8 or 16: that of the user's images.

    With ``per_image``, ``coloured``, ``bank`` or ``compressed`` each crop draws one image, whose noise, kernel
    (``per_image``) and compression (``compressed``) it gets. The measurements of single images come from :meth:`take`,
    which training calls, instead of from the config. A checkpoint holds them.

    Raises:
        UserError: ``mtf`` is missing or has another length, ``noise`` is given although single images are measured, or
            ``coloured`` beside ``bank``, ``refine`` has an unknown key, ``bits`` is not 8 or 16, or images with other
            than 1 or 3 channels are to be compressed.
    """

    PAPER: ClassVar[Paper] = Paper("Ji et al., CVPRW 2020")
    any_channels: ClassVar[bool] = True
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
        bank: bool = False,
        compressed: bool = False,
        texture_correlation: float = 0.0,
        texture_spectrum: TextureSpectrum = "white",
        refine: dict[str, Any] | None = None,
        image_channels: int = 3,
        bits: int = 8,
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        if mtf is None or len(mtf) != len(FREQUENCIES):
            found = "none" if mtf is None else f"{len(mtf)} numbers"
            raise UserError(
                f"CameraDegradation needs the measured mtf, {len(FREQUENCIES)} numbers, found {found}: training "
                "measures it from the folder 'real'."
            )
        single = per_image or coloured or bank or compressed
        if single and noise:
            raise UserError(f"With {', '.join(_SINGLE)}, noise is measured for each image: leave 'noise' out.")
        if coloured and bank:
            raise UserError("The noise of the images is either coloured or from the bank: set one of the two to False.")
        if bits not in (8, 16):
            raise UserError(f"bits is the depth of image files, 8 or 16, found {bits!r}.")
        if compressed and image_channels not in (1, 3):
            raise UserError(
                f"compressed=True draws JPEGs, which have 1 or 3 channels, found {image_channels}: leave it out."
            )
        grain = ColouredGrain(image_channels) if coloured else NoiseBank(image_channels) if bank else None
        drawn = CameraNoise(
            None if single else noise,
            unexplained=unexplained,
            texture=texture,
            texture_exponent=texture_exponent,
            grain=grain,
            texture_correlation=texture_correlation,
            texture_spectrum=texture_spectrum,
            image_channels=image_channels,
        )
        kernels = CameraKernels(None if per_image else mtf, stretch=stretch, gain=gain, displacement=displacement)
        compression = CameraCompression() if compressed else None
        learned = None if refine is None else _refine(refine)
        refinement = Refinement(learned.gain_spread, learned.level_spread, learned.hold_weight) if learned else None
        self.generators = nn.ModuleDict({"to_real": DrawnCamera(kernels, drawn, compression, refinement, bits)})
        self.discriminators = nn.ModuleDict()
        if learned is not None:
            judge = with_defaults(JUDGE, learned.discriminator)
            self.discriminators = build_discriminators(judge["type"], judge, ["real"], image_channels)
            self.adversarial = Adversarial(learned.adversarial, learned.adversarial_weight, learned.r1_weight, True)

    @classmethod
    def needs_measurement(cls, config: dict[str, Any]) -> bool:
        """Returns whether a config of this translator lacks something that is measured."""
        return config.get("mtf") is None or _draws_single_images(config)

    @classmethod
    def measured(cls, config: dict[str, Any], camera: CameraMeasurement) -> dict[str, Any]:
        """Returns a config of this translator with what was measured; what it says already stays."""
        found: dict[str, Any] = dict(mtf=[round(float(gain), 4) for gain in camera.mtf])
        if camera.bits != 8:
            found["bits"] = camera.bits
        if not _draws_single_images(config):
            found["noise"] = [(noise.read, noise.shot) for noise in camera.noises]
        if config.get("refine") is not None:
            config = {**config, "refine": {**measured_spreads(camera), **config["refine"]}}
        return {**found, **{key: value for key, value in config.items() if value is not None}}

    def take(self, camera: CameraMeasurement, paths: Sequence[Path] = ()) -> None:
        """Takes the measurements of single images that its options need.

        Args:
            camera: the measurement.
            paths: the measured files, from which ``bank`` takes patches.

        Raises:
            UserError: the bank finds no flat patch.
        """
        self._to_real.measure(camera, paths)

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes ``fake_real``; there is no way back."""
        return Translation(self.degrade(syn))

    def expected(self, syn: Tensor) -> Tensor:
        """Returns ``syn`` ``(N, C, h, w)`` convolved with the mean kernel, without noise and rounding."""
        return self._to_real.expected(syn)

    def fake_real_for_sr(self, t: Translation) -> Tensor:
        """Returns ``fake_real`` as a constant: feedback moves nothing."""
        return t.fake_real.detach()

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns no loss, or with ``refine`` the adversarial one and the penalty that holds the corrections at 0."""
        refinement = self._to_real.refinement
        if refinement is None:
            return {}
        losses = self.adversarial.generator_losses(self.discriminators, t.fakes())
        return {**losses, "loss_hold": refinement.penalty()}

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns no loss, or with ``refine`` what the discriminator minimises."""
        if not self.discriminators:
            return {}
        return self.adversarial.discriminator_losses(self.discriminators, dict(real=real), t.fakes())

    @property
    def _to_real(self) -> DrawnCamera:
        return cast(DrawnCamera, self.generators["to_real"])


def _draws_single_images(config: dict[str, Any]) -> bool:
    return any(config.get(option) for option in _SINGLE)


def _refine(options: dict[str, Any]) -> Refine:
    known = [field.name for field in fields(Refine)]
    for name in options:
        if name not in known:
            raise UserError(f"refine has no {name!r}.{did_you_mean(name, known)} Choose from {', '.join(known)}.")
    return Refine(**options)
