"""A mix of the degradation that was learned or measured and one that is drawn at random, for the SR network."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.registry import DEGRADATIONS, MODELS


@MODELS.register_module()
class RandomMix(nn.Module):
    """Replaces some crops of ``fake_real`` by ones of a random chain, so that SR also works on other images.

    A degradation that is learned or measured fits the user's images and no others. A random chain covers many, none of
    them well. Each crop is degraded by the first, by the chain in its place, or by the chain after it, as an image of
    the camera that was edited and shared.

    Args:
        chain: HR to LR at random; arguments of :class:`~cyclesr.degradations.RandomChain`, or of the ``type`` given in
            them, whose ``forward`` takes the size of the result as its second argument.
        random: probability of the chain in place of the degradation.
        both: probability of the chain after the degradation; for it, ``fake_real`` is enlarged to the size of ``hr``.

    Raises:
        UserError: probabilities that are negative or more than 1 in sum.
    """

    def __init__(self, chain: dict[str, Any] | None = None, random: float = 0.25, both: float = 0.25) -> None:
        super().__init__()
        if min(random, both) < 0 or random + both > 1:
            raise UserError(
                "mix.random and mix.both are the probabilities of two kinds of crops: at least 0 and at most 1 in sum; "
                f"found {random:g} and {both:g}."
            )
        self.chain = DEGRADATIONS.build({"type": "RandomChain", **(chain or {})})
        self.random = random
        self.both = both

    def forward(self, fake_real: Tensor, hr: Tensor) -> Tensor:
        """Returns what the SR network learns from, ``(N, 3, h, w)``.

        Args:
            fake_real: ``(N, 3, h, w)``; gradients pass for the crops that stay as they are.
            hr: ``(N, 3, s*h, s*w)``, what it was made of.
        """
        draws = torch.rand(len(hr)).tolist()
        return torch.cat([self._seen(draw, fake_real[i : i + 1], hr[i : i + 1]) for i, draw in enumerate(draws)])

    @torch.no_grad()
    def _drawn(self, image: Tensor, fake_real: Tensor) -> Tensor:
        with torch.autocast(image.device.type, enabled=False):
            return self.chain(image, tuple(fake_real.shape[-2:])).to(fake_real.dtype)

    def _seen(self, draw: float, fake_real: Tensor, hr: Tensor) -> Tensor:
        if draw < self.random:
            return self._drawn(hr, fake_real)
        if draw < self.random + self.both:
            image = fake_real.detach().to(hr.dtype).clamp(0, 1)
            return self._drawn(F.interpolate(image, size=hr.shape[-2:], mode="bicubic").clamp(0, 1), fake_real)
        return fake_real
