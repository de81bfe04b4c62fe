"""A stack of equal convolutions: the discriminators of DiscoGAN, DSGAN and CinCGAN."""

from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.initialise import Init, initialise
from cyclesr.models.networks.norms import make_norm
from cyclesr.models.networks.patch_discriminator import DiscriminatorView
from cyclesr.registry import MODELS


@MODELS.register_module()
class PlainDiscriminator(nn.Module):
    """Convolutions of one kernel size and stride with LeakyReLU, then an unpadded convolution to the logits.

    ====================  ===========================================================================================
    DiscoGAN              the default; a 64 px image has one logit
    DSGAN                 ``num_layers=3, kernel=5, stride=1, tail_kernel=1, high_pass=5``; patches of 13 px
    CinCGAN, inner cycle  ``num_layers=4, kernel=4, stride=1, tail_kernel=4``; patches of 16 px
    ====================  ===========================================================================================

    Args:
        channels: number of feature maps of the first layer; it doubles at each layer, up to 8 times this number.
        num_layers: number of layers before the last.
        kernel: kernel size of each layer before the last; the padding is ``(kernel - 1) // 2``.
        stride: stride of each layer before the last.
        tail_kernel: kernel size of the last convolution.
        norm: ``batch``, ``instance`` or ``none``. The first and the last layer have no norm.
        high_pass: see :class:`~cyclesr.models.networks.PatchDiscriminator`.
        input_noise: see :class:`~cyclesr.models.networks.PatchDiscriminator`.
        init: initialisation, see :func:`~cyclesr.models.networks.initialise.initialise`.
        image_channels: number of channels of the images.
    """

    def __init__(
        self,
        channels: int = 64,
        num_layers: int = 4,
        kernel: int = 4,
        stride: int = 2,
        tail_kernel: int = 4,
        norm: str = "batch",
        high_pass: int = 0,
        input_noise: float = 0.0,
        init: Init = "normal",
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        self.view = DiscriminatorView(high_pass, input_noise)
        padding = (kernel - 1) // 2
        self.smallest = tail_kernel
        for _ in range(num_layers):
            self.smallest = (self.smallest - 1) * stride + kernel - 2 * padding
        widths = [channels * min(2**i, 8) for i in range(num_layers)]
        layers: list[nn.Module] = []
        for i, (inputs, width) in enumerate(zip([image_channels, *widths], widths, strict=False)):
            layers.append(nn.Conv2d(inputs, width, kernel, stride, padding))
            layers += [make_norm(norm if i else "none", width), nn.LeakyReLU(0.2, inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, tail_kernel))
        initialise(self, init)

    def forward(self, image: Tensor) -> Tensor:
        """Returns the logits ``(N, 1, h, w)`` for images ``(N, 3, H, W)`` in [0, 1].

        Raises:
            UserError: the images are too small for the layers.
        """
        if min(image.shape[-2:]) < self.smallest:
            raise UserError(
                f"PlainDiscriminator needs LR images of at least {self.smallest} px, found {tuple(image.shape[-2:])}: "
                "use larger crops, or reduce discriminator.num_layers or discriminator.tail_kernel."
            )
        return self.layers(self.view(image)).to(image.dtype)
