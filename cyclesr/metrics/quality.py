"""The metric of validation and test during training: a protocol's scores, mean of the images."""

import math
from collections.abc import Sequence
from typing import Any

from mmengine.dist import all_gather_object
from mmengine.evaluator import BaseMetric

from cyclesr.errors import UserError
from cyclesr.metrics.lpips import load_lpips
from cyclesr.metrics.protocols import get_protocol
from cyclesr.registry import METRICS

Scores = dict[str, float]


@METRICS.register_module()
class SRQuality(BaseMetric):
    """PSNR and SSIM (and LPIPS) of super-resolved images.

    The mean of per-image values, exact however the images are shared out among processes: results are merged by
    name, so that an image that a sampler repeats to fill a batch counts once.

    Args:
        protocol: a name in :data:`cyclesr.metrics.protocols.PROTOCOLS`.
        scale: of the SR network; some protocols cut a border that depends on it.
        lpips: network of LPIPS, ``alex``, ``vgg`` or ``squeeze``; ``None`` measures none. Left out, and said once,
            when its weights are not on this disk.
        lpips_weights: file or folder of its backbone weights; ``None`` looks into torch hub's cache.
        prefix: put before each name with a slash, to tell several such metrics apart.

    Attributes:
        per_image: scores by image name of the last evaluation.

    Raises:
        UserError: unknown protocol or LPIPS network, or no weights at the path that was given.
    """

    def __init__(
        self,
        protocol: str = "plain",
        scale: int = 4,
        lpips: str | None = None,
        lpips_weights: str | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(prefix="sr")  # mmengine warns where there is none, but one metric needs none
        self.prefix = prefix
        self.protocol = get_protocol(protocol, scale)
        self.lpips = None if lpips is None else load_lpips(lpips, lpips_weights)
        self.per_image: dict[str, Scores] = {}

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Scores a batch: dicts with ``sr`` and ``hr``, both (3, H, W) in [0, 1], and ``name``, unique in the set."""
        if self.lpips is not None and data_samples:
            self.lpips.to(data_samples[0]["sr"].device)
        for sample in data_samples:
            self.results.append((sample["name"], self.protocol.score(sample["sr"], sample["hr"], self.lpips)))

    def evaluate(self, size: int) -> Scores:
        """Merges the results of all processes.

        Args:
            size: number of images in the set.

        Raises:
            UserError: fewer names than images, because two images share one.
        """
        self.per_image = dict(result for part in all_gather_object(self.results) for result in part)
        self.results.clear()
        if len(self.per_image) != size:
            raise UserError(
                f"SRQuality got {len(self.per_image)} different names for {size} images; names must differ."
            )
        means = self.compute_metrics(list(self.per_image.values()))
        return {f"{self.prefix}/{key}" if self.prefix else key: value for key, value in means.items()}

    def compute_metrics(self, results: list[Scores]) -> Scores:
        """Means of the images' scores."""
        return mean_scores(results)


def mean_scores(results: Sequence[Scores]) -> Scores:
    """The mean of each column; shifts, which only make sense for one image, are left out."""
    columns = [key for key in results[0] if not key.startswith("shift_")] if results else []
    return {key: math.fsum(scores[key] for scores in results) / len(results) for key in columns}
