"""A sampler without an end whose every draw is a function of its position, so that resuming needs no replay."""

from collections.abc import Iterator, Sized

from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from cyclesr.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class EndlessSampler(Sampler[int]):
    """Yields ``start + rank``, then every ``world_size``-th index, for ever.

    The dataset draws image, crop and augmentation from ``(seed, index)``; so setting ``start`` to the number of
    samples already used, over all ranks, continues the very same stream.

    Args:
        dataset: takes any index >= 0.
        seed: unused here (mmengine passes it): the dataset's own seed decides.
    """

    def __init__(self, dataset: Sized, seed: int | None = None) -> None:
        self.dataset = dataset
        self.start = 0
        self.rank, self.world_size = get_dist_info()

    def __iter__(self) -> Iterator[int]:
        index = self.start + self.rank
        while True:
            yield index
            index += self.world_size

    def __len__(self) -> int:
        return len(self.dataset)
