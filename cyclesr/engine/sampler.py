"""An infinite sampler whose indices depend only on the position, so that resuming does not replay past batches."""

from collections.abc import Iterator, Sized

from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from cyclesr.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class EndlessSampler(Sampler[int]):
    """Yields ``start + rank`` and then every ``world_size``-th index, without end.

    The dataset draws image, crop and augmentation from ``(seed, index)``. Setting ``start`` to the number of samples
    that all ranks together have used therefore continues the same stream.

    Args:
        dataset: a dataset that takes any index >= 0.
        seed: not used; mmengine passes it. The dataset has a seed.
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
