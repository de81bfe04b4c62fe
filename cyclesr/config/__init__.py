"""Configs: finding and reading them, filling in what follows from the rest, and rejecting what nothing would read."""

from cyclesr.config.check import check_config
from cyclesr.config.names import config_files, configs_folder, find_config
from cyclesr.config.own_images import train_on, validate_on
from cyclesr.config.parts import DATALOADERS
from cyclesr.config.reading import load_config, read_config
from cyclesr.config.scale import fill_scale

__all__ = [
    "DATALOADERS",
    "check_config",
    "config_files",
    "configs_folder",
    "fill_scale",
    "find_config",
    "load_config",
    "read_config",
    "train_on",
    "validate_on",
]
