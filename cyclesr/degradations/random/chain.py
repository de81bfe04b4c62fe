"""The second-order chain of BSRGAN and Real-ESRGAN: two passes of blur, resizing, noise and compression."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cyclesr.degradations.random.blur import RandomBlur
from cyclesr.degradations.random.compression import RandomCompression
from cyclesr.degradations.random.draws import Range, for_each, happens
from cyclesr.degradations.random.resizing import RandomResize
from cyclesr.errors import UserError
from cyclesr.registry import DEGRADATIONS

BEST_QUALITY = 95.0
LEAST_SIGMA = 0.05  # pixels: no blur at all


def second_order(strength: float = 1.0) -> list[dict[str, Any]]:
    """Returns the steps of Real-ESRGAN's chain, with sharpening in the second pass.

    Args:
        strength: how far the ranges reach from no degradation (0) to Real-ESRGAN's (1).
    """
    cutoff, again = _cutoff(strength), dict(up=0.3, down=0.4, keep=0.3)
    return [
        dict(type="RandomBlur", sigma=_blurs(0.2, 3.0, strength), cutoff=cutoff),
        dict(type="RandomResize", factors=_around_one(0.15, 1.5, strength)),
        dict(type="RandomNoise", sigma=_up_to(1, 30, strength), poisson=_up_to(0.05, 3, strength)),
        dict(type="RandomCompression", quality=_qualities(strength)),
        dict(type="RandomBlur", sigma=_blurs(0.2, 1.5, strength), cutoff=cutoff, probability=0.8),
        dict(type="RandomResize", factors=_around_one(0.3, 1.2, strength), directions=again),
        dict(type="RandomNoise", sigma=_up_to(1, 25, strength), poisson=_up_to(0.05, 2.5, strength)),
        dict(type="RandomSharpening", probability=0.3, amount=_up_to(0, 1.5, strength)),
    ]


@DEGRADATIONS.register_module()
class RandomChain(nn.Module):
    """Degrades each image by steps whose parameters it draws, and reduces it by ``scale``.

    After the steps, the image is reduced to its size and filtered by a ``sinc``, which makes ringing, and compressed,
    or compressed first: each with probability 0.5 (Real-ESRGAN). No gradient passes.

    Args:
        scale: HR size / LR size; 1 keeps the size.
        strength: how far the ranges of the default steps reach from no degradation (0) to Real-ESRGAN's (1).
        steps: modules or configs of ``DEGRADATIONS``, in place of :func:`second_order`; each takes an image
            ``(1, C, H, W)`` and may change its size.
        shuffled: whether the order of the steps is drawn for each image, as in BSRGAN.

    Raises:
        UserError: a strength outside of [0, 1], or ``strength`` beside ``steps``.

    Sources: Zhang et al., ICCV 2021 (BSRGAN); Wang et al., ICCVW 2021 (Real-ESRGAN).
    """

    def __init__(
        self,
        scale: int = 1,
        strength: float | None = None,
        steps: Sequence[nn.Module | dict[str, Any]] | None = None,
        shuffled: bool = False,
    ) -> None:
        super().__init__()
        if not 0 <= (strength or 0) <= 1 or (steps is not None and strength is not None):
            raise UserError(
                f"RandomChain.strength is from 0 to 1, and only for its own steps; found {strength}"
                f"{'' if steps is None else ' beside steps'}."
            )
        strength = 1.0 if strength is None else strength
        made = second_order(strength) if steps is None else steps
        self.steps = nn.ModuleList(s if isinstance(s, nn.Module) else DEGRADATIONS.build(s) for s in made)
        self.ringing = RandomBlur(0.8, kinds=dict(sinc=1.0), cutoff=_cutoff(strength))
        self.compression = RandomCompression(quality=_qualities(strength))
        self.resizing = RandomResize()
        self.scale = scale
        self.shuffled = shuffled

    @torch.no_grad()
    def forward(self, image: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """Degrades images ``(N, C, H, W)`` in [0, 1].

        Args:
            image: the images.
            size: (height, width) of the result; None divides the size by ``scale``.

        Returns:
            ``(N, C, h, w)``, rounded to 256 levels.
        """
        height, width = size or (image.shape[-2] // self.scale, image.shape[-1] // self.scale)
        exact = image.to(torch.promote_types(image.dtype, torch.float32))
        made = for_each(exact, lambda one: self._degraded(one, (height, width)))
        return (255 * made.clamp(0, 1)).round().div(255).to(image.dtype)

    def _degraded(self, image: Tensor, size: tuple[int, int]) -> Tensor:
        order = torch.randperm(len(self.steps)).tolist() if self.shuffled else range(len(self.steps))
        for index in order:
            image = self.steps[index](image)
        if happens(0.5):
            return self.compression(self._reduced(image, size))
        return self._reduced(self.compression(image), size)

    def _reduced(self, image: Tensor, size: tuple[int, int]) -> Tensor:
        return self.ringing(self.resizing.to_size(image, size)).clamp(0, 1)


def _up_to(low: float, high: float, strength: float) -> Range:
    return low * strength, high * strength


def _blurs(low: float, high: float, strength: float) -> Range:
    return max(low * strength, LEAST_SIGMA), max(high * strength, LEAST_SIGMA)


def _around_one(low: float, high: float, strength: float) -> Range:
    return 1 - strength * (1 - low), 1 + strength * (high - 1)


def _cutoff(strength: float) -> float:
    return 1 - strength * (1 - 1 / 3)


def _qualities(strength: float) -> Range:
    return BEST_QUALITY - strength * (BEST_QUALITY - 30), BEST_QUALITY
