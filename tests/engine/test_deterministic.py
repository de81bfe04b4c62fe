"""``--deterministic`` asks torch, cuDNN and cuBLAS for algorithms that give the same bits every time."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from cyclesr.engine.launch import train


@pytest.fixture
def _torch_as_before() -> Iterator[None]:
    yield
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.deterministic = False


@pytest.mark.usefixtures("_torch_as_before")
def test_a_deterministic_training(tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    options = {"train_cfg.max_iters": 2, "experiment_name": str(tmp_path)}
    runner = train(str(tiny_config), work_dir=str(tmp_path / "run"), options=options, deterministic=True)
    assert runner.iter == 2
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cudnn.deterministic
    assert not torch.backends.cudnn.benchmark
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
