"""DRIT's content discriminator: of which domain is the image that a content was encoded from?"""

from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.convolution import Conv2d
from cyclesr.models.networks.initialise import Init, initialise
from cyclesr.registry import MODELS


@MODELS.register_module()
class ContentDiscriminator(nn.Module):
    """Strided convolutions, one without padding, and a 1x1 convolution to one logit per place.

    The defaults are those of DRIT's released code, where a content of 54 px, of an image of 216 px, has one logit.
    Contents must have at least 53 px: for the crops of super-resolution, use fewer layers and smaller kernels.

    Args:
        inputs: channels of the content.
        channels: number of feature maps of each layer.
        num_layers: number of convolutions of stride 2, each padded by one place.
        kernel: size of these convolutions.
        tail_kernel: size of the convolution after them.
        init: see :func:`~cyclesr.models.networks.initialise.initialise`.

    Differs from the released code: nothing; the instance norm that it asks for is never applied there either.
    """

    def __init__(
        self,
        inputs: int = 256,
        channels: int = 256,
        num_layers: int = 3,
        kernel: int = 7,
        tail_kernel: int = 4,
        init: Init = "normal",
    ) -> None:
        super().__init__()
        self.smallest = tail_kernel
        layers: list[nn.Module] = []
        for _ in range(num_layers):
            self.smallest = (self.smallest - 1) * 2 + kernel - 2
            layers += [Conv2d(inputs, channels, kernel, 2, 1, padding_mode="reflect"), nn.LeakyReLU(inplace=True)]
            inputs = channels
        layers += [nn.Conv2d(inputs, channels, tail_kernel), nn.LeakyReLU(inplace=True), nn.Conv2d(channels, 1, 1)]
        self.layers = nn.Sequential(*layers)
        initialise(self, init)

    def forward(self, content: Tensor) -> Tensor:
        """Returns logits ``(N, 1, h, w)`` for contents ``(N, inputs, H, W)``.

        Raises:
            UserError: contents too small for the layers.
        """
        if min(content.shape[-2:]) < self.smallest:
            raise UserError(
                f"ContentDiscriminator needs contents of at least {self.smallest} px, found "
                f"{tuple(content.shape[-2:])}: take larger crops, a smaller generator.num_down, or a smaller "
                "content_discriminator.num_layers, kernel or tail_kernel."
            )
        return self.layers(content)
