"""A tiny experiment to run the tools on."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TINY = """
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

Tool = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def config(folders: dict[str, Path], tmp_path: Path) -> Path:
    """A config of a tiny CycleSR on ``folders``."""
    path = tmp_path / "tiny.py"
    path.write_text(TINY.format(root=ROOT, **folders))
    return path


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """Runs ``python tools/<name>.py ...`` as a user would; returns the finished process, whatever its exit code."""

    def run(name: str, *args: object, path: Path | None = None) -> subprocess.CompletedProcess:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "CYCLESR_CACHE": str(tmp_path / "cache")}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), str(path) if path else ""]))
        command = [sys.executable, str(ROOT / "tools" / f"{name}.py"), *map(str, args)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)

    return run
