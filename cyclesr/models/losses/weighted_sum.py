"""Several losses as one."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.registry import LOSSES


@LOSSES.register_module()
class SumOfLosses(nn.Module):
    r"""The sum of several losses, each with the weight that its own config gives it.

    Each term is logged by its name: ``loss_sr_L1Loss`` beside ``loss_sr``.

    Args:
        losses: configs of ``LOSSES``.
        weight: of the sum. Joint optimisation (Eq. 4) has one weight for the SR loss, this one: it must equal
            ``feedback_weight``, and the whole sum is then fed back to the translator. With alternating optimisation
            the feedback of Eq. (5) is the MSE, whatever this loss is (Sec. 3.4 equates the two for MSE alone).

    Raises:
        UserError: no losses.
    """

    TINY: ClassVar[dict[str, Any]] = dict(losses=[dict(type="L1Loss"), dict(type="MSELoss", weight=2.0)])

    def __init__(self, losses: Sequence[dict[str, Any]], weight: float = 1.0) -> None:
        super().__init__()
        if not losses:
            raise UserError("SumOfLosses needs one loss at least: losses=[dict(type='L1Loss'), ...].")
        self.weight = weight
        self.terms = nn.ModuleDict(dict(zip(_names(losses), map(LOSSES.build, losses), strict=True)))

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """A scalar from two tensors ``(N, 3, H, W)`` in [0, 1]."""
        return self.weight * torch.stack([term(sr, hr) for term in self.terms.values()]).sum()


def _names(losses: Sequence[dict[str, Any]]) -> list[str]:
    """The types, without the modules of dotted paths; numbered from the second of a kind on."""
    seen: Counter[str] = Counter()
    names = []
    for config in losses:
        kind = str(config.get("type")).rpartition(".")[2]
        seen[kind] += 1
        names.append(kind if seen[kind] == 1 else f"{kind}{seen[kind]}")
    return names
