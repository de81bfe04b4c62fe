"""Verdicts without ground truth of the rows of the benchmark, on the LR images of the held-out pairs.

The truth of these images is known, so that the agreement of the two can be measured. The camera is measured on the LR
images for training, as a user would do it.
"""

from mmengine.config import Config
from torch import Tensor, nn

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.degradations.camera import CameraMeasurement, measure_files
from cyclesr.degradations.imresize import imresize
from cyclesr.experiments.pairs.cells import PairBench, PairCell
from cyclesr.experiments.work_dir import read_json, write_json
from cyclesr.images.listing import list_images
from cyclesr.inference.verdict import Verdict, judge, spread_evenly

MEASURED_IMAGES = 64  # for the camera


class BicubicNetwork(nn.Module):
    """Bicubic interpolation as a network."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, lr: Tensor) -> Tensor:
        """Enlarges ``(N, 3, h, w)``."""
        return imresize(lr, scale=self.scale)


def judge_cell(cell: PairCell, config: Config) -> Verdict:
    """Returns the verdict on the trained network of a cell, or on bicubic interpolation.

    Raises:
        UserError: the checkpoint is damaged, or the held-out images are too small.
    """
    bench = cell.bench
    network = load_sr(cell.checkpoint(config))[0] if cell.trains else BicubicNetwork(bench.scale)
    held_out = list_images(bench.folders(cell.seed).valid_lr)
    return judge(network, held_out, bench.scale, camera_of(bench, cell.seed))


def camera_of(bench: PairBench, seed: int) -> CameraMeasurement:
    """Returns the measurement of the LR images for training of a seed, which is made only once per work dir."""
    path = bench.work_dir / f"camera_seed{seed}.json"
    if not path.is_file():
        measured = measure_files(spread_evenly(list_images(bench.folders(seed).real), MEASURED_IMAGES))
        write_json(path, measured.to_dict())
    return CameraMeasurement.from_dict(read_json(path))
