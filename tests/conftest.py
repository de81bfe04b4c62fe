"""Shared fixtures: one thread per test, small folders of images, and a small experiment. Tests that need a GPU."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[1]
NO_GPU = "no GPU"

TINY = """
experiment_name = "{name}"
_base_ = "{root}/configs/_base_/runtime.py"
model = dict(
    type="CollaborativeSR",
    degradation=dict(type="Bicubic", scale=4),
    translator=dict(
        type="CycleGAN",
        generator=dict(channels=4, num_blocks=1, num_down=0),
        discriminator=dict(channels=4, num_layers=1),
        noise_channels=1,
        pool_size=4,
    ),
    sr=dict(type="SRResNet", scale=4, channels=4, num_blocks=1),
    sr_loss=dict(type="MSELoss", weight=100.0),
    feedback_weight=100.0,
    average=0.9,
)
train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    sampler=dict(type="EndlessSampler"),
    dataset=dict(type="UnpairedDataset", hr="{hr}", real="{lr}", hr_range=(1, 2), real_range=(3, 4), scale=4, crop=12,
                 cache=None),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="PairedDataset", lr="{lr}", hr="{hr}", scale=4, cache=None),
)
test_dataloader = val_dataloader
val_evaluator = dict(type="SRQuality", protocol="plain")
test_evaluator = val_evaluator
optim_wrapper = dict(
    constructor="PartOptimizers",
    generators=dict(optimizer=dict(type="Adam", lr=1e-3)),
    discriminators=dict(optimizer=dict(type="Adam", lr=1e-3)),
    sr=dict(optimizer=dict(type="Adam", lr=1e-3)),
)
param_scheduler = dict(
    generators=[], discriminators=[], sr=[dict(type="LinearDecayLR", by_epoch=False, decay_from=0.5)]
)
train_cfg = dict(type="ResumableTrainLoop", max_iters=6, val_interval=3)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
default_hooks = dict(checkpoint=dict(interval=2), preview=dict(interval=3), logger=dict(interval=1))
custom_hooks = [
    dict(type="StageHook", stages=[dict(name="translation", iters=1), dict(name="sr", iters=1), dict(name="joint")])
]
randomness = dict(seed=0)
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips the tests that need a GPU where there is none."""
    for item in items if not torch.cuda.is_available() else []:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason=NO_GPU))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many tests were skipped because there is no GPU."""
    skipped = terminalreporter.stats.get("skipped", [])
    number = sum(NO_GPU in str(report.longrepr) for report in skipped)
    if number:
        terminalreporter.write_line(f"{number} tests were skipped because there is no GPU (pytest -m gpu runs them).")


@pytest.fixture(autouse=True)
def _single_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Writes folders as in DIV2K: ``hr`` 0001-0004 (64x64) and ``lr`` 0001x4-0004x4 (16x16)."""
    rng = np.random.default_rng(0)
    for name in ("hr", "lr"):
        (tmp_path / name).mkdir()
    for i in range(1, 5):
        lr = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / "lr" / f"{i:04d}x4.png"), lr)
        hr = cv2.resize(lr, (64, 64), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(tmp_path / "hr" / f"{i:04d}.png"), hr)
    return {name: tmp_path / name for name in ("hr", "lr")}


@pytest.fixture
def tiny_config(folders: dict[str, Path], tmp_path: Path) -> Path:
    """Writes the config file of a small CycleSR on ``folders``."""
    path = tmp_path / "tiny.py"
    path.write_text(TINY.format(root=ROOT, name="_".join(tmp_path.parts[1:]), **folders))
    return path
