"""The harmless files that hostile ones are put beside: small images, a config, a training checkpoint, a network."""

import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

RUNTIME = Path(__file__).parents[2] / "configs" / "_base_" / "runtime.py"
NETWORK = dict(type="SRResNet", scale=2, channels=4, num_blocks=1)
CONFIG = f"""
experiment_name = "fuzz"
_base_ = "{RUNTIME}"
scale = 2
model = dict(
    type="CollaborativeSR",
    degradation=dict(type="Bicubic"),
    translator=dict(
        type="CycleGAN",
        generator=dict(channels=4, num_blocks=1, num_down=0),
        discriminator=dict(channels=4, num_layers=1),
        noise_channels=1,
        pool_size=2,
    ),
    sr=dict(type="SRResNet", channels=4, num_blocks=1),
    sr_loss=dict(type="MSELoss", weight=100.0),
    feedback_weight=100.0,
)
train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    sampler=dict(type="EndlessSampler"),
    dataset=dict(type="UnpairedDataset", hr="hr", real="real", crop=12, cache=None),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="PairedDataset", lr="lr", hr="hr", cache=None),
)
val_evaluator = dict(type="SRQuality", protocol="plain")
optim_wrapper = dict(
    constructor="PartOptimizers",
    generators=dict(optimizer=dict(type="Adam", lr=1e-3)),
    discriminators=dict(optimizer=dict(type="Adam", lr=1e-3)),
    sr=dict(optimizer=dict(type="Adam", lr=1e-3)),
)
param_scheduler = dict(
    generators=[], discriminators=[], sr=[dict(type="LinearDecayLR", by_epoch=False, decay_from=0.5)]
)
train_cfg = dict(type="ResumableTrainLoop", max_iters=2, val_interval=1)
val_cfg = dict(type="ValLoop")
default_hooks = dict(checkpoint=dict(interval=1), preview=dict(interval=3), logger=dict(interval=1))
custom_hooks = [
    dict(type="StageHook", stages=[dict(name="translation", iters=1), dict(name="sr", iters=1), dict(name="joint")])
]
randomness = dict(seed=0)
"""


@cache
def images() -> dict[str, bytes]:
    """Returns folders ``hr`` (40x40), ``lr`` and ``real`` (20x20) of two images each."""
    sides = dict(hr=40, lr=20, real=20)
    return {f"{name}/{i}.png": good_png(side, i) for name, side in sides.items() for i in range(2)}


@cache
def training() -> dict[str, bytes]:
    """Trains two steps, and returns ``train.pth``, the checkpoint, and ``net.safetensors``, its SR network."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        for name, content in {**images(), "tiny.py": CONFIG.encode()}.items():
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_bytes(content)
        command = [sys.executable, "-m", "cyclesr", "train", "tiny.py", "--work-dir", "work", "--device", "cpu"]
        subprocess.run(command, cwd=place, check=True, capture_output=True)
        work = place / "work"
        return {
            "train.pth": (work / "iter_2.pth").read_bytes(),
            "net.safetensors": (work / "sr_latest.safetensors").read_bytes(),
        }


def good_png(side: int = 20, seed: int = 0) -> bytes:
    """Returns a PNG file of an RGB image."""
    image = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return cv2.imencode(".png", image)[1].tobytes()
