"""The metric for validation and test: scores of a protocol, averaged over the images."""

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
    """PSNR and SSIM of super-resolved images, and optionally LPIPS and other columns.

    The result is the mean over images and does not depend on how they are distributed over processes: results are
    merged by name, so an image that a sampler repeats to fill a batch counts once.

    Args:
        protocol: a name in :data:`cyclesr.metrics.protocols.PROTOCOLS`.
        scale: scale of the SR network; the border of some protocols depends on it.
        lpips: network of LPIPS: ``alex``, ``vgg`` or ``squeeze``; None does not measure LPIPS. It is omitted, and this
            is logged once, if its weights are not in torch hub's cache.
        lpips_weights: file or folder of the weights of LPIPS's network; None looks in torch hub's cache.
        columns: further scores, names in :data:`cyclesr.metrics.columns.COLUMNS`. DISTS is omitted, and this is logged
            once, if its weights are not in torch hub's cache.
        dists_weights: file or folder of VGG16's weights; None looks in torch hub's cache.
        prefix: prefix of each name, followed by a slash, to distinguish several metrics of this class.

    Attributes:
        per_image: scores by image name of the last evaluation.

    Raises:
        UserError: the protocol, the LPIPS network or a column is unknown, or there are no weights at a given path.
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
        super().__init__(prefix="sr")  # mmengine warns about a missing prefix, which a single metric does not need
        self.prefix = prefix
        self.protocol = get_protocol(protocol, scale)
        self.lpips = None if lpips is None else load_lpips(lpips, lpips_weights)
        self._columns, self._dists_weights = tuple(columns), dists_weights
        load_columns(columns, dists_weights)  # raises errors before training starts
        self.per_image: dict[str, Scores] = {}

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Scores a batch.

        Args:
            data_batch: not used.
            data_samples: one dict per image with ``sr`` and ``hr``, both ``(3, H, W)`` in [0, 1], and ``name``, which
                is unique in the data set.
        """
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
        """Merges the results of all processes and returns the mean scores.

        Args:
            size: number of images in the data set.

        Raises:
            UserError: the number of names is not ``size``, for instance because two images have the same name.
        """
        self.per_image = dict(result for part in all_gather_object(self.results) for result in part)
        self.results.clear()
        if len(self.per_image) != size:
            raise UserError(
                f"SRQuality needs a unique name for each image, found {len(self.per_image)} names for {size} images: "
                "rename the files."
            )
        means = self.compute_metrics(list(self.per_image.values()))
        return {f"{self.prefix}/{key}" if self.prefix else key: value for key, value in means.items()}

    def compute_metrics(self, results: list[Scores]) -> Scores:
        """Returns the mean scores, see :func:`mean_scores`."""
        return mean_scores(results)


def mean_scores(results: Sequence[Scores]) -> Scores:
    """Returns the mean of each score over the images, without shifts, which are meaningful only per image."""
    columns = [key for key in results[0] if not key.startswith("shift_")] if results else []
    return {key: math.fsum(scores[key] for scores in results) / len(results) for key in columns}
