"""Upscaling a file takes bounded memory, measured in a separate process."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import resource, sys
import torch
from torch import Tensor, nn
from cyclesr.inference.files import infer
from cyclesr.registry import SR_BACKBONES

@SR_BACKBONES.register_module()
class Nearest(nn.Module):
    def forward(self, lr: Tensor) -> Tensor:
        return lr.repeat_interleave(4, 2).repeat_interleave(4, 3)

torch.set_num_threads(1)
torch.save(dict(sr_network=dict(config=dict(type="Nearest"), scale=4, state_dict={})), "net.pth")
for name in ("small", "large"):
    report = infer("net.pth", f"{name}.png", f"{name}_sr{sys.argv[1]}", device="cpu")
    assert not report.failed, report.failed
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)  # KiB on Linux
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has other units elsewhere")
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_large_image_takes_less_memory_than_its_result(tmp_path: Path, suffix: str) -> None:
    for name, height, width in (("small", 600, 600), ("large", 2000, 3000)):
        rows = np.arange(height)[:, None] + np.arange(width)
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.repeat((rows % 251).astype(np.uint8)[..., None], 3, 2))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, suffix],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    small, large = map(int, done.stdout.split())
    assert large - small < 12000 * 8000 * 3 / 2**20  # MiB of 8-bit samples; floats would take four times as much
    found = cv2.imread(str(tmp_path / f"large_sr{suffix}"))
    assert found.shape == (8000, 12000, 3)
    assert np.array_equal(found[::400, ::400, 0], cv2.imread(str(tmp_path / "large.png"))[::100, ::100, 0])
