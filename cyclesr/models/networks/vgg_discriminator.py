"""The discriminator of SRGAN and ESRGAN: judges a whole HR crop with one logit."""

from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.initialise import Init, initialise
from cyclesr.models.networks.norms import make_norm
from cyclesr.registry import MODELS

SMALLEST = 4  # px that are left for the linear layers, at least


@MODELS.register_module()
class VGGDiscriminator(nn.Module):
    """Pairs of a 3x3 and a 4x4 convolution, the second of stride 2, then two linear layers.

    With a crop of 128 it is ESRGAN's: 14,499,401 parameters. Other crops have as many pairs as leave 4 to 7 pixels a
    side.

    Args:
        crop: side of the HR images that it judges; its linear layers fit no other.
        channels: feature maps of the first layer; they double at each pair, to 8 times at most.
        norm: ``batch`` (ESRGAN), ``none`` or another of :func:`~cyclesr.models.networks.norms.make_norm`; never on the
            first layer.
        init: see :func:`~cyclesr.models.networks.initialise.initialise`.

    Raises:
        UserError: a crop of less than 8 pixels.
    """

    def __init__(self, crop: int = 128, channels: int = 64, norm: str = "batch", init: Init = "default") -> None:
        super().__init__()
        if crop < 2 * SMALLEST:
            raise UserError(f"VGGDiscriminator needs a crop of {2 * SMALLEST} px or more, found {crop}.")
        self.crop = crop
        pairs = (crop // SMALLEST).bit_length() - 1
        widths = [channels * min(2**i, 8) for i in range(pairs)]
        layers: list[nn.Module] = []
        for i, (inputs, width) in enumerate(zip([3, *widths], widths, strict=False)):
            layers += _layer(inputs, width, 3, norm if i else "none")
            layers += _layer(width, width, 4, norm)
        self.features = nn.Sequential(*layers)
        side = crop >> pairs
        self.judge = nn.Sequential(
            nn.Flatten(), nn.Linear(widths[-1] * side**2, 100), nn.LeakyReLU(0.2, inplace=True), nn.Linear(100, 1)
        )
        initialise(self, init)

    def forward(self, image: Tensor) -> Tensor:
        """Logits ``(N, 1)`` of images ``(N, 3, crop, crop)`` in [0, 1].

        Raises:
            UserError: images of another size.
        """
        if image.shape[-2:] != (self.crop, self.crop):
            raise UserError(
                f"VGGDiscriminator was built for HR crops of {self.crop} px, found {tuple(image.shape[-2:])}: make "
                "discriminator.crop the crop of the training data times the scale."
            )
        return self.judge(self.features(image)).to(image.dtype)


def _layer(inputs: int, outputs: int, kernel: int, norm: str) -> list[nn.Module]:
    """A 4x4 kernel halves the resolution; the bias is left to the norm where there is one."""
    conv = nn.Conv2d(inputs, outputs, kernel, 2 if kernel == 4 else 1, 1, bias=norm == "none")
    return [conv, make_norm(norm, outputs), nn.LeakyReLU(0.2, inplace=True)]
