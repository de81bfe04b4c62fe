"""Mistakes in configs and data raise one clear UserError before or at the first step."""

import os
import re
import socket
import time
from pathlib import Path

import cv2
import mmengine.device
import numpy as np
import pytest
import torch

from cyclesr.engine.launch import train, use_device
from cyclesr.errors import UserError


@pytest.fixture
def config(tiny_config: Path) -> str:
    return str(tiny_config)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_dataloader.dataset.hr": "nowhere"}, "nowhere"),
        ({"trian_cfg.max_iters": 3}, "'trian_cfg'.*'train_cfg'"),
        ({"max_iters": 3}, r"'max_iters'.* train_cfg\.max_iters"),
        ({"crop": 3}, r" train_dataloader\.dataset\.crop"),
        ({"sr.type": "VDSR"}, r" model\.sr .*optim_wrapper\.sr .*param_scheduler\.sr"),
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


def test_a_second_training_does_not_mix_with_the_first(config, tmp_path) -> None:
    work_dir = tmp_path / "run"
    train(config, work_dir=str(work_dir), iterations=2, refuse_used=True)
    with pytest.raises(UserError, match=r"run holds checkpoints.* --resume .*--work-dir"):
        train(config, work_dir=str(work_dir), iterations=4, refuse_used=True)
    assert [path.name for path in work_dir.glob("iter_*.pth")] == ["iter_2.pth"]
    time.sleep(1)  # mmengine names runs by the second
    train(config, work_dir=str(work_dir), iterations=2)  # as the demo does when it is run again


def test_a_translator_without_a_type_is_named(config, tmp_path) -> None:
    with pytest.raises(UserError, match="'translator' needs a 'type'"):
        train(config, work_dir=str(tmp_path / "run"), options={"model.translator": dict(_delete_=True, channels=4)})


@pytest.mark.parametrize("value", [["a", "b"], [], 3])
def test_a_folder_of_another_kind_is_named(value, config, tmp_path) -> None:
    with pytest.raises(UserError, match=r"train_dataloader\.dataset\.hr must be the path of a folder, found "):
        train(config, work_dir=str(tmp_path / "run"), options={"train_dataloader.dataset.hr": value})


@pytest.mark.parametrize(
    ("folder", "advice"),
    [
        ("data/DIV2K/DIV2K_train_HR", "cyclesr prepare div2k makes it; or give folders of your own by --hr"),
        ("data/demo_seed0/hr", "cyclesr prepare demo makes it; or give folders"),
        ("data/DIV2K/aligned_mild/hr", "cyclesr prepare align makes it"),
        ("data/track/hr", "give folders of your own by --hr and --real"),
        ("nowhere", "give folders of your own by --hr and --real"),
    ],
)
def test_missing_folders_are_an_error_before_anything_else(
    folder, advice, config, tmp_path, capfd, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)  # away from data that a developer may have made
    with pytest.raises(UserError, match=f"{folder} .train_dataloader.dataset.hr. does not exist: (.* )?{advice}"):
        train(config, work_dir=str(tmp_path / "run"), options={"train_dataloader.dataset.hr": folder})
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "run").exists()


def test_a_file_in_place_of_a_folder(config, folders) -> None:
    image = folders["hr"] / "0001.png"
    with pytest.raises(UserError, match=r"0001\.png .*val_dataloader\.dataset\.hr.* is a file"):
        train(config, options={"val_dataloader.dataset.hr": str(image)})


def test_all_unusable_images_of_ones_own_folders_are_named_at_once(config, tmp_path, folders) -> None:
    (folders["hr"] / "0003.png").write_bytes(b"not an image")
    cv2.imwrite(str(folders["hr"] / "0004.png"), np.zeros((64, 47, 3), np.uint8))
    cv2.imwrite(str(folders["lr"] / "0001x4.png"), np.zeros((11, 16, 3), np.uint8))
    with pytest.raises(UserError) as found:
        train(config, work_dir=str(tmp_path / "run"), folders=(str(folders["hr"]), str(folders["lr"])))
    message = str(found.value)
    assert message.startswith("3 of 8 images")
    assert f"{folders['hr']}/0003.png (12 bytes) is corrupt" in message
    assert re.search(r"hr/0004.png .*47x64.* 48 pixels", message)
    assert re.search(r"lr/0001x4.png .*16x11.* 12 pixels", message)
    assert f"check --hr {folders['hr']} --real {folders['lr']} --scale 4 --crop 12" in message
    assert not (tmp_path / "run").exists()


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
    with pytest.raises(UserError, match=r"0001x4\.png.*larger"):
        train(config, work_dir=str(tmp_path / "run"))


def test_a_training_that_fails_leaves_no_process_group(config, tmp_path, folders, monkeypatch) -> None:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    variables = dict(RANK=0, LOCAL_RANK=0, WORLD_SIZE=1, MASTER_ADDR="localhost", MASTER_PORT=port)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    (folders["hr"] / "0001.png").write_bytes(b"not an image")
    with pytest.raises(UserError, match=r"0001\.png"):
        train(config, work_dir=str(tmp_path / "run"), launcher="pytorch", device="cpu")
    assert not torch.distributed.is_initialized()


def test_device_cpu_uses_the_cpu_on_a_machine_with_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mmengine.device.utils, "DEVICE", "cuda")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    use_device("cpu")
    assert mmengine.device.get_device() == "cpu"
    assert os.environ.pop("CUDA_VISIBLE_DEVICES") == ""
