"""Datasets: image files, their cache, unpaired and paired folders, simulated tracks."""

from cyclesr.datasets.paired import PairedDataset
from cyclesr.datasets.unpaired import UnpairedDataset

__all__ = ["PairedDataset", "UnpairedDataset"]
