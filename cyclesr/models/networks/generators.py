"""Image-to-image generators that keep the size of their input."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Norm = Literal["batch", "instance", "none"]
NORMS: dict[str, type[nn.Module]] = {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d, "none": nn.Identity}


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a skip."""

    def __init__(self, channels: int, norm: Norm) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *conv(channels, channels, 3, norm), nn.ReLU(inplace=True), *conv(channels, channels, 3, norm)
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, h, w)`` to the same."""
        return x + self.body(x)


class ResNetGenerator(nn.Module):
    """The ResNet generator of CycleGAN, https://arxiv.org/abs/1703.10593: strided down, residual blocks, strided up.

    Images are in [0, 1] outside and [-1, 1] inside. Any input size: it is padded by reflection to a multiple of the
    stride, and the output is cut.

    Args:
        channels: after the head; doubled by each downsampling.
        num_blocks: residual blocks; 0 leaves head and tail, whose field of view is small.
        num_down: stride-2 stages, 2 in CycleGAN; 0 works at full resolution.
        norm: after each convolution but the last.
        head_kernel, tail_kernel: sides of the first and last kernel, 7 in CycleGAN.
        residual: predicts the difference to the input, zero at the start, without the final tanh.
        noise_channels: channels of fresh N(0, 1) noise beside the input; 0 is deterministic (CycleGAN).
    """

    def __init__(
        self,
        channels: int = 64,
        num_blocks: int = 9,
        num_down: int = 2,
        norm: Norm = "instance",
        head_kernel: int = 7,
        tail_kernel: int = 7,
        residual: bool = False,
        noise_channels: int = 0,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.noise_channels = noise_channels
        self.stride = 2**num_down
        widths = [channels * 2**i for i in range(num_down + 1)]
        layers = [*conv(3 + noise_channels, channels, head_kernel, norm), nn.ReLU(inplace=True)]
        for width in widths[:-1]:
            down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
            layers += [down, NORMS[norm](2 * width), nn.ReLU(inplace=True)]
        layers += [ResidualBlock(widths[-1], norm) for _ in range(num_blocks)]
        for width in reversed(widths[:-1]):
            up = nn.ConvTranspose2d(2 * width, width, 3, stride=2, padding=1, output_padding=1)
            layers += [up, NORMS[norm](width), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers)
        self.tail = nn.Conv2d(channels, 3, tail_kernel, padding=tail_kernel // 2, padding_mode="reflect")
        self.apply(init_normal)
        if residual:
            nn.init.zeros_(self.tail.weight)

    def forward(self, image: Tensor) -> Tensor:
        """``(N, 3, h, w)`` to the same size."""
        x = 2 * pad_to_multiple(image, self.stride) - 1
        if self.noise_channels:
            noise = torch.randn(x.shape[0], self.noise_channels, *x.shape[2:], dtype=x.dtype, device=x.device)
            x = torch.cat([x, noise], dim=1)
        change = self.tail(self.body(x))[..., : image.shape[-2], : image.shape[-1]]
        return image + change / 2 if self.residual else (torch.tanh(change) + 1) / 2


def conv(inputs: int, outputs: int, kernel: int, norm: Norm) -> list[nn.Module]:
    """A size-keeping convolution with reflected borders, and its norm."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="reflect")
    return [layer, NORMS[norm](outputs)]


def pad_to_multiple(image: Tensor, multiple: int) -> Tensor:
    """Pads the bottom and right so that both sides are multiples; by reflection, or replication of tiny images."""
    height, width = image.shape[-2:]
    bottom, right = -height % multiple, -width % multiple
    if not (bottom or right):
        return image
    return F.pad(image, (0, right, 0, bottom), mode="reflect" if min(height, width) > multiple else "replicate")


def init_normal(module: nn.Module) -> None:
    """CycleGAN's initialisation: weights N(0, 0.02), biases 0."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
