"""The paper's configs at full network size on a few images in the layout of DIV2K: train, validate, save, resume."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[2]
FOLDERS = dict(ntire17_t2=("unknown/X4", "x4"), ntire18_t2=("mild", "x4m"), ntire18_t4=("wild", "x4w"))


@pytest.fixture
def div2k(tmp_path: Path) -> Path:
    """Creates two training images and one validation image per track in ``data/DIV2K``, laid out as the archives."""
    rng = np.random.default_rng(0)
    root = tmp_path / "data" / "DIV2K"

    def write(folder: str, name: str, height: int, width: int) -> None:
        (root / folder).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / folder / name), rng.integers(0, 256, (height, width, 3), dtype=np.uint8))

    for number in (1, 2):
        write("DIV2K_train_HR", f"{number:04d}.png", 480, 512)
    write("DIV2K_valid_HR", "0801.png", 480, 512)
    for folder, ending in FOLDERS.values():
        write(f"DIV2K_train_LR_{folder}", f"0401{ending}{'1' if ending == 'x4w' else ''}.png", 120, 128)
        write(f"DIV2K_valid_LR_{folder}", f"0801{ending}.png", 120, 128)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("track", list(FOLDERS))
@pytest.mark.parametrize("method", ["cyclesr", "unitsr"])
def test_trains_validates_saves_and_resumes(method, track, shell, div2k, tmp_path) -> None:
    config = ROOT / "configs" / f"{method}_{track}.py"
    options = [
        "train_dataloader.batch_size=1",
        "train_dataloader.num_workers=0",
        "train_dataloader.persistent_workers=False",
        "train_dataloader.dataset.crop=64",
        "val_dataloader.num_workers=0",
        "val_evaluator.protocol=plain",
        "custom_hooks.0.stages.0.iters=1",
        "custom_hooks.0.stages.1.iters=1",
        "default_hooks.checkpoint.interval=2",
        "train_cfg.val_interval=3",
    ]
    first = shell("train", config, "--work-dir", "run", "--cfg-options", *options, "train_cfg.max_iters=3")
    assert first.returncode == 0, first.stderr
    assert "psnr" in first.stdout + first.stderr
    options += ["train_cfg.max_iters=4"]
    resumed = shell("train", config, "--work-dir", "run", "--resume", "--cfg-options", *options)
    assert resumed.returncode == 0, resumed.stderr
    saved = torch.load(tmp_path / "run" / "iter_4.pth", weights_only=True)
    assert saved["meta"]["iter"] == 4
    assert saved["sr_network"]["scale"] == 4
