"""The perceptual loss of Eq. (3), a distance between feature maps."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.losses.frozen import Frozen
from cyclesr.models.networks.imagenet_features import ImageNetFeatures
from cyclesr.registry import LOSSES

CRITERIA = {"l1": F.l1_loss, "mse": F.mse_loss}


@LOSSES.register_module()
class PerceptualLoss(nn.Module):
    r""":math:`L_{percep}` of Eq. (3), by default as in ESRGAN: L1 between VGG19's ``conv5_4`` before the activation.

    The network is frozen, in eval mode, and not part of a checkpoint (:class:`~cyclesr.models.losses.frozen.Frozen`):
    its weights are read from their file when training starts or resumes. Only ``sr`` receives a gradient.

    Args:
        weight: weight of the loss.
        network: ``vgg19``, ``vgg16`` or ``alexnet``.
        layers: weights of the layers by name, see :class:`~cyclesr.models.networks.ImageNetFeatures`. None uses the
            last convolution, before its activation.
        weights: file with the network's ImageNet weights, or its folder. None looks in torch hub's cache. Nothing is
            downloaded.
        criterion: ``l1`` (ESRGAN) or ``mse`` (SRGAN, without its factor), averaged over all entries of a map.

    Raises:
        UserError: no weights were found, or the network, a layer or the criterion is unknown.

    Source: Johnson et al. 2016; features before the activation: ESRGAN
    (Wang et al. 2018), Sec. 3.3.
    """

    PAPER: ClassVar[Paper] = Paper("Johnson et al. 2016", "https://arxiv.org/abs/1603.08155")
    SUMMARY: ClassVar[str] = (
        "L_percep of Eq. (3), by default as in ESRGAN: L1 between VGG19's `conv5_4` before the activation"
    )
    TINY: ClassVar[dict[str, Any]] = dict(network="alexnet", layers=dict(conv1=1.0))

    def __init__(
        self,
        weight: float = 1.0,
        network: str = "vgg19",
        layers: Mapping[str, float] | None = None,
        weights: str | None = None,
        criterion: Literal["l1", "mse"] = "l1",
    ) -> None:
        super().__init__()
        if criterion not in CRITERIA:
            raise UserError(f"criterion must be one of {', '.join(CRITERIA)}, found {criterion!r}.")
        self.weight = weight
        features = ImageNetFeatures(network, tuple(layers or ()), weights)
        self.layers = dict(layers or dict.fromkeys(features.layers, 1.0))
        self.features = Frozen(features)
        self.criterion = CRITERIA[criterion]

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Returns the loss of two tensors ``(N, 3, H, W)`` in [0, 1], a scalar."""
        with torch.no_grad():
            wanted = self.features(hr)
        found = self.features(sr)
        terms = [weight * self.criterion(found[name], wanted[name]) for name, weight in self.layers.items()]
        return self.weight * torch.stack(terms).sum()
