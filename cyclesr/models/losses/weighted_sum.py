"""The sum of several losses."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.losses.terms import sr_loss_of
from cyclesr.registry import LOSSES


@LOSSES.register_module()
class SumOfLosses(nn.Module):
    r"""The sum of several losses, each with the weight of its own config.

    Each term is logged under its name: ``loss_sr_L1Loss`` next to ``loss_sr``.

    Args:
        losses: configs of ``LOSSES``.
        weight: weight of the sum. In joint optimisation (Eq. 4), it must equal ``feedback_weight``, because the whole
            sum is fed back to the translator. In alternating optimisation, the feedback of Eq. (5) is always the MSE;
            the two optimisations are equivalent only if the SR loss is the MSE (Sec. 3.4).

    Raises:
        UserError: ``losses`` is empty.
    """

    TINY: ClassVar[dict[str, Any]] = dict(losses=[dict(type="L1Loss"), dict(type="MSELoss", weight=2.0)])

    def __init__(self, losses: Sequence[dict[str, Any]], weight: float = 1.0) -> None:
        super().__init__()
        if not losses:
            raise UserError("SumOfLosses needs at least one loss: losses=[dict(type='L1Loss'), ...]; found none.")
        self.weight = weight
        self.terms = nn.ModuleDict(dict(zip(_names(losses), map(LOSSES.build, losses), strict=True)))

    def forward(self, sr: Tensor, hr: Tensor, lr: Tensor | None = None, pixel_weights: Tensor | None = None) -> Tensor:
        """Returns the loss of two tensors ``(N, 3, H, W)`` in [0, 1]; the terms get of the others what they ask for."""
        losses = [sr_loss_of(term, sr, hr, lr, pixel_weights) for term in self.terms.values()]
        return self.weight * torch.stack(losses).sum()


def _names(losses: Sequence[dict[str, Any]]) -> list[str]:
    """Returns the types without the modules of dotted paths. Repeated types get a number: L1Loss, L1Loss2."""
    seen: Counter[str] = Counter()
    names = []
    for config in losses:
        kind = str(config.get("type")).rpartition(".")[2]
        seen[kind] += 1
        names.append(kind if seen[kind] == 1 else f"{kind}{seen[kind]}")
    return names
