"""HR and noise in, LR out: the high-to-low network of Bulat et al. (ECCV 2018)."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.models.networks.convolution import Conv2d
from cyclesr.models.networks.image_size import pad_to_fit
from cyclesr.models.networks.initialise import Init, initialise, zero
from cyclesr.models.networks.norms import make_norm
from cyclesr.models.networks.residual import ResidualBlock
from cyclesr.models.networks.resnet_generator import noise_beside
from cyclesr.registry import MODELS

STRIDES = {2: [2], 3: [3], 4: [2, 2], 8: [2, 2, 2]}  # by scale


@MODELS.register_module()
class HighToLow(nn.Module):
    """CycleGAN's generator without its way back up: head, strided convolutions, residual blocks, tail at LR size.

    Images are in [0, 1] outside and in [-1, 1] inside.

    Args:
        scale: 2, 3, 4 or 8.
        channels: number of feature maps after the head.
        num_blocks: number of residual blocks, at LR size.
        downsampling: ``strided`` applies the head to HR and doubles the channels at each strided convolution;
            ``unshuffle`` gives the head the HR pixels of an LR pixel as channels, so that all work is done at LR
            size, which suits CPUs; ``bicubic`` gives it only the bicubic LR, as CycleGAN's G1 sees it.
        norm: ``instance``, ``batch`` or ``none``.
        head_kernel, tail_kernel: odd sizes of the first and the last convolution.
        residual: whether the output is the bicubic LR plus the tail's output, in units of [0, 1]. The tail then starts
            at zero and has no tanh, so that the network starts as bicubic downsampling.
        noise_channels: channels of fresh N(0, 1) noise in addition to the head's input, in training and inference.
        init: see :func:`~cyclesr.models.networks.initialise.initialise`.

    Differs from Bulat et al., who have another network. This one is "a branch of CycleGAN", modified, as the paper
    says of its reimplementation (Sec. 4.2); it does not say what was modified.
    """

    def __init__(
        self,
        scale: int,
        channels: int = 64,
        num_blocks: int = 9,
        downsampling: Literal["strided", "unshuffle", "bicubic"] = "strided",
        norm: str = "instance",
        head_kernel: int = 7,
        tail_kernel: int = 7,
        residual: bool = False,
        noise_channels: int = 1,
        init: Init = "normal",
    ) -> None:
        super().__init__()
        if scale not in STRIDES:
            raise UserError(f"The scale must be 2, 3, 4 or 8, found {scale!r}.")
        if downsampling not in ("strided", "unshuffle", "bicubic"):
            raise UserError(f"downsampling must be strided, unshuffle or bicubic, found {downsampling!r}.")
        self.scale = scale
        self.downsampling = downsampling
        self.residual = residual
        self.noise_channels = noise_channels
        self.smallest = scale * max(2, head_kernel // 2 + 1, tail_kernel // 2 + 1)
        inputs = (3 * scale**2 if downsampling == "unshuffle" else 3) + noise_channels
        head = Conv2d(inputs, channels, head_kernel, padding=head_kernel // 2, padding_mode="reflect")
        layers = [head, make_norm(norm, channels), nn.ReLU(inplace=True)]
        for factor in STRIDES[scale] if downsampling == "strided" else []:
            layers += [nn.Conv2d(channels, 2 * channels, 3, stride=factor, padding=1)]
            layers += [make_norm(norm, 2 * channels), nn.ReLU(inplace=True)]
            channels *= 2
        layers += [ResidualBlock(channels, norm, "reflect") for _ in range(num_blocks)]
        self.features = nn.Sequential(*layers)
        self.tail = Conv2d(channels, 3, tail_kernel, padding=tail_kernel // 2, padding_mode="reflect")
        initialise(self, init)
        if residual:
            zero(self.tail)

    def forward(self, hr: Tensor, noise_level: float = 1.0) -> Tensor:
        """Degrades images; with ``residual`` the output may leave [0, 1] a little.

        Args:
            hr: ``(N, 3, scale*h, scale*w)`` in [0, 1].
            noise_level: factor of the noise.

        Returns:
            ``(N, 3, h, w)``.

        Raises:
            UserError: a side of the image is not a multiple of the scale.
        """
        height, width = (side // self.scale for side in hr.shape[-2:])
        if (height * self.scale, width * self.scale) != tuple(hr.shape[-2:]):
            raise UserError(
                f"An HR image of {hr.shape[-2]}x{hr.shape[-1]} cannot be downsampled by {self.scale}: both sides must "
                "be multiples of it."
            )
        x = 2 * self._seen(pad_to_fit(hr, self.scale, self.smallest)) - 1
        if self.noise_channels:
            x = torch.cat([x, noise_beside(x, self.noise_channels, noise_level)], dim=1)
        out = self.tail(self.features(x))[..., :height, :width].to(hr.dtype)  # images stay float32 under autocast
        return imresize(hr, size=(height, width)).clamp(0, 1) + out if self.residual else (F.tanh(out) + 1) / 2

    def _seen(self, hr: Tensor) -> Tensor:
        """Returns what the head sees of ``hr``."""
        if self.downsampling == "bicubic":
            height, width = (side // self.scale for side in hr.shape[-2:])
            return imresize(hr, size=(height, width)).clamp(0, 1)
        return F.pixel_unshuffle(hr, self.scale) if self.downsampling == "unshuffle" else hr
