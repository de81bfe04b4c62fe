"""Shared fixtures: one thread a test, tiny folders of images, and a tiny experiment."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch


@pytest.fixture(autouse=True)
def _single_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """DIV2K-like folders: ``hr`` 0001-0004 (64x64), ``lr`` the same as 0001x4.png (16x16)."""
    rng = np.random.default_rng(0)
    for name in ("hr", "lr"):
        (tmp_path / name).mkdir()
    for i in range(1, 5):
        lr = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / "lr" / f"{i:04d}x4.png"), lr)
        hr = cv2.resize(lr, (64, 64), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(tmp_path / "hr" / f"{i:04d}.png"), hr)
    return {name: tmp_path / name for name in ("hr", "lr")}


def tiny_translator(**kwargs: Any) -> dict[str, Any]:
    """A CycleGAN of a few hundred parameters."""
    generator = dict(channels=4, num_blocks=1, num_down=0)
    discriminator = dict(channels=4, num_layers=1)
    return dict(type="CycleGAN", generator=generator, discriminator=discriminator, **kwargs)
