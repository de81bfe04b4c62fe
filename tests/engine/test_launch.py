"""Mistakes in configs and data: each raises one clear UserError before or at the first step."""

import os
from pathlib import Path

import cv2
import mmengine.device
import numpy as np
import pytest

from cyclesr.engine.launch import choose_device, train
from cyclesr.errors import UserError


@pytest.fixture
def config(tiny_config: Path) -> str:
    return str(tiny_config)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_dataloader.dataset.hr": "nowhere"}, "nowhere"),
        ({"trian_cfg.max_iters": 3}, "'trian_cfg'.*'train_cfg'"),
        ({"train_dataloader.batchsize": 3}, "'batchsize'.*'batch_size'"),
        ({"train_dataloader.dataset.corp": 3}, "'corp'.*'crop'"),
        ({"model.sr.chanels": 3}, "'chanels'.*'channels'"),
        ({"model.translator.type": "CycleGun"}, "'CycleGun'.*'CycleGAN'"),
        ({"model.feedback_wieght": 3}, "'feedback_wieght'.*'feedback_weight'"),
        ({"optim_wrapper.sr.optimizer.type": "Adamm"}, "'Adamm'.*'Adam'"),
        ({"optim_wrapper.srr": dict(optimizer=dict(type="Adam"))}, "'srr'.*'sr'"),
        ({"default_hooks.logger.intervall": 3}, "'intervall'.*'interval'"),
        ({"val_evaluator.protocol": "ntire71"}, "'ntire71'.*'ntire17'"),
    ],
)
def test_typos_name_the_key_and_the_nearest_known_one(options, message, config, tmp_path) -> None:
    with pytest.raises(UserError, match=message):
        train(config, work_dir=str(tmp_path / "run"), options=options)


def test_an_empty_folder(config, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty"):
        train(config, options={"train_dataloader.dataset.real": str(tmp_path / "empty")})


def test_a_corrupt_image(config, tmp_path, folders) -> None:
    (folders["hr"] / "0001.png").write_bytes(b"not an image")
    with pytest.raises(UserError, match=r"0001\.png"):
        train(config, work_dir=str(tmp_path / "run"))


def test_lr_larger_than_its_hr(config, tmp_path, folders) -> None:
    cv2.imwrite(str(folders["lr"] / "0001x4.png"), np.zeros((80, 80, 3), np.uint8))
    with pytest.raises(UserError, match=r"0001x4\.png.*is larger than its HR"):
        train(config, work_dir=str(tmp_path / "run"))


def test_the_cpu_is_used_on_a_computer_with_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mmengine.device.utils, "DEVICE", "cuda")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    choose_device("cpu")
    assert mmengine.device.get_device() == "cpu"
    assert os.environ.pop("CUDA_VISIBLE_DEVICES") == ""
