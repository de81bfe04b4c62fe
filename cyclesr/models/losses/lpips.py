"""LPIPS as a loss, with the networks of the ``lpips`` package."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError, require_rgb
from cyclesr.metrics.lpips import Lpips, find_lpips_weights, how_to_get
from cyclesr.models.losses.frozen import Frozen
from cyclesr.models.losses.precision import full
from cyclesr.registry import LOSSES


@LOSSES.register_module()
class LPIPSLoss(nn.Module):
    """Weighted LPIPS, version 0.1.

    Args:
        weight: weight of the loss.
        net: ``vgg`` (recommended for training by the authors of the package), ``alex`` or ``squeeze``. The evaluation
            uses ``alex``, so its LPIPS is less meaningful if the training uses ``alex``, too.
        weights: file with the backbone's weights under torchvision's names, or a folder with such a file. None looks in
            torch hub's cache. Nothing is downloaded.

    Raises:
        UserError: no weights were found, or they do not fit.

    Source: Zhang et al., CVPR 2018.
    """

    PAPER: ClassVar[Paper] = Paper("Zhang et al., CVPR 2018", "https://arxiv.org/abs/1801.03924")
    TINY: ClassVar[dict[str, Any]] = dict(net="squeeze")

    def __init__(self, weight: float = 1.0, net: str = "vgg", weights: str | None = None) -> None:
        super().__init__()
        found = find_lpips_weights(net, weights)
        if found is None:
            raise UserError(f"LPIPSLoss cannot be computed: {how_to_get(net)}")
        self.weight = weight
        self.distance = Frozen(_Distance(Lpips(net, found).model))

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Returns the loss of two tensors ``(N, 3, H, W)`` in [0, 1], a scalar.

        Raises:
            UserError: the images are not RGB.
        """
        require_rgb("LPIPSLoss and LPIPS", sr.shape[1])
        return self.weight * self.distance(*full(sr, hr))


class _Distance(nn.Module):
    """The package's arithmetic, with finite gradients where no feature is active and the package has NaN."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.backbone, self.scaling, self.heads = model.net, model.scaling_layer, model.lins

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        ours, theirs = (self.backbone(self.scaling(2 * image - 1)) for image in (sr, hr))
        layers = [
            head((F.normalize(a, dim=1, eps=1e-10) - F.normalize(b, dim=1, eps=1e-10)).square()).mean()
            for head, a, b in zip(self.heads, ours, theirs, strict=True)
        ]
        return torch.stack(layers).sum()
