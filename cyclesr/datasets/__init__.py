"""Datasets: unpaired and paired folders, the cache of decoded images, simulated tracks, alignment and downloads."""

from cyclesr.datasets.paired import PairedDataset
from cyclesr.datasets.unpaired import UnpairedDataset

__all__ = ["PairedDataset", "UnpairedDataset"]
