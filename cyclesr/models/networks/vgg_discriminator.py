"""The discriminator of SRGAN and ESRGAN, with one logit per HR crop."""

from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.initialise import Init, initialise
from cyclesr.models.networks.norms import make_norm
from cyclesr.registry import MODELS

SMALLEST = 4  # minimum side of the feature maps before the linear layers


@MODELS.register_module()
class VGGDiscriminator(nn.Module):
    """Pairs of a 3x3 convolution and a 4x4 convolution of stride 2, then two linear layers.

    With ``crop=128`` it is ESRGAN's discriminator: 14,499,401 parameters. For other crops, the number of pairs is
    chosen so that the feature maps before the linear layers have sides of 4 to 7 pixels.

    Args:
        crop: side of the HR images in pixels. The linear layers fit no other size.
        channels: number of feature maps of the first layer; it doubles at each pair, up to 8 times this number.
        norm: ``batch`` (ESRGAN), ``none`` or another norm of :func:`~cyclesr.models.networks.norms.make_norm`. The
            first layer has no norm.
        init: initialisation, see :func:`~cyclesr.models.networks.initialise.initialise`.
        image_channels: number of channels of the images.

    Raises:
        UserError: ``crop`` is less than 8.
    """

    def __init__(
        self, crop: int = 128, channels: int = 64, norm: str = "batch", init: Init = "default", image_channels: int = 3
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        if crop < 2 * SMALLEST:
            raise UserError(f"VGGDiscriminator needs a crop of at least {2 * SMALLEST} px, found {crop}.")
        self.crop = crop
        pairs = (crop // SMALLEST).bit_length() - 1
        widths = [channels * min(2**i, 8) for i in range(pairs)]
        layers: list[nn.Module] = []
        for i, (inputs, width) in enumerate(zip([image_channels, *widths], widths, strict=False)):
            layers += _layer(inputs, width, 3, norm if i else "none")
            layers += _layer(width, width, 4, norm)
        self.features = nn.Sequential(*layers)
        side = crop >> pairs
        self.judge = nn.Sequential(
            nn.Flatten(), nn.Linear(widths[-1] * side**2, 100), nn.LeakyReLU(0.2, inplace=True), nn.Linear(100, 1)
        )
        initialise(self, init)

    def forward(self, image: Tensor) -> Tensor:
        """Returns the logits ``(N, 1)`` of images ``(N, 3, crop, crop)`` in [0, 1].

        Raises:
            UserError: the images have another size.
        """
        if image.shape[-2:] != (self.crop, self.crop):
            raise UserError(
                f"VGGDiscriminator was built for HR crops of {self.crop} px, found {tuple(image.shape[-2:])}: set "
                "discriminator.crop to the crop of the training data times the scale."
            )
        return self.judge(self.features(image)).to(image.dtype)


def _layer(inputs: int, outputs: int, kernel: int, norm: str) -> list[nn.Module]:
    """Builds convolution, norm and LeakyReLU. A 4x4 kernel halves the resolution; with a norm, there is no bias."""
    conv = nn.Conv2d(inputs, outputs, kernel, 2 if kernel == 4 else 1, 1, bias=norm == "none")
    return [conv, make_norm(norm, outputs), nn.LeakyReLU(0.2, inplace=True)]
