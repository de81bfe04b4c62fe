"""The metric of validation and test during training: a protocol's scores, mean of the images."""

import math
from collections.abc import Sequence
from typing import Any

from mmengine.dist import all_gather_object
from mmengine.evaluator import BaseMetric

from cyclesr.errors import UserError
from cyclesr.metrics.columns import load_columns
from cyclesr.metrics.lpips import load_lpips
from cyclesr.metrics.protocols import get_protocol
from cyclesr.registry import METRICS

Scores = dict[str, float]


@METRICS.register_module()
class SRQuality(BaseMetric):
    """PSNR and SSIM (and LPIPS and other columns) of super-resolved images.

    The mean of per-image values, exact however the images are shared out among processes: results are merged by
    name, so that an image that a sampler repeats to fill a batch counts once.

    Args:
        protocol: a name in :data:`cyclesr.metrics.protocols.PROTOCOLS`.
        scale: of the SR network; some protocols cut a border that depends on it.
        lpips: network of LPIPS, ``alex``, ``vgg`` or ``squeeze``; ``None`` measures none. Left out, and said once,
            when its weights are not on this disk.
        lpips_weights: file or folder of its backbone weights; ``None`` looks into torch hub's cache.
        columns: what else to measure, names in :data:`cyclesr.metrics.columns.COLUMNS`. DISTS is left out, and said
            once, when its weights are not on this disk.
        dists_weights: file or folder of VGG16's weights; ``None`` looks into torch hub's cache.
        prefix: put before each name with a slash, to tell several such metrics apart.

    Attributes:
        per_image: scores by image name of the last evaluation.

    Raises:
        UserError: unknown protocol, LPIPS network or column, or no weights at the path that was given.
    """

    def __init__(
        self,
        protocol: str = "plain",
        scale: int = 4,
        lpips: str | None = None,
        lpips_weights: str | None = None,
        columns: Sequence[str] = (),
        dists_weights: str | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(prefix="sr")  # mmengine warns where there is none, but one metric needs none
        self.prefix = prefix
        self.protocol = get_protocol(protocol, scale)
        self.lpips = None if lpips is None else load_lpips(lpips, lpips_weights)
        self._columns, self._dists_weights = tuple(columns), dists_weights
        load_columns(columns, dists_weights)  # raises before anything is trained
        self.per_image: dict[str, Scores] = {}

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Scores a batch: dicts with ``sr`` and ``hr``, both (3, H, W) in [0, 1], and ``name``, unique in the set."""
        if not data_samples:
            return
        device = data_samples[0]["sr"].device
        columns = load_columns(self._columns, self._dists_weights, device)
        if self.lpips is not None:
            columns["lpips"] = self.lpips.to(device).of_planes
        for sample in data_samples:
            scores = self.protocol.score(sample["sr"], sample["hr"], columns=columns)
            self.results.append((sample["name"], scores))

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
