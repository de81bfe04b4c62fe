"""A training that is as small as possible and yet has pools, averages, validation, previews and checkpoints."""

from pathlib import Path
from typing import Any

import numpy as np

from cyclesr.images.writing import write_image

CONFIG, SCALE = "demo/cyclesr_demo", 4

OPTIONS: dict[str, Any] = {
    "model.translator.generator.channels": 4,
    "model.translator.discriminator.channels": 4,
    "model.translator.pool_size": 3,
    "model.translator.low_frequency_lock": 3,
    "model.sr.channels": 4,
    "model.sr.num_blocks": 1,
    "model.average": 0.9,
    "optim_wrapper.amp": "none",
    "train_dataloader.batch_size": 1,
    "train_dataloader.num_workers": 1,
    "train_dataloader.dataset.crop": 8,
    "train_dataloader.dataset.cache": "disk",
    "val_dataloader.dataset.cache": "disk",
}


def write_images(root: Path) -> dict[str, Any]:
    """Writes random HR and LR images, and returns config options for them."""
    random = np.random.default_rng(0)
    for i in range(4):
        write_image(root / "lr" / f"{i}.png", random.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        write_image(root / "hr" / f"{i}.png", random.integers(0, 256, (16 * SCALE, 16 * SCALE, 3), dtype=np.uint8))
    hr, lr = str(root / "hr"), str(root / "lr")
    folders = {"train_dataloader.dataset.hr": hr, "train_dataloader.dataset.real": lr}
    return folders | {"val_dataloader.dataset.hr": hr, "val_dataloader.dataset.lr": lr}
