"""One's own folders: all of their images, validated on one's own pairs or not at all, at any scale."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from cyclesr.config import check_config, load_config, train_on, validate_on
from cyclesr.engine.launch import train
from cyclesr.errors import UserError


@pytest.fixture
def pairs(tmp_path: Path) -> tuple[str, str]:
    """Two held-out pairs at scale 2: folders of HR (32x32) and of LR (16x16)."""
    rng = np.random.default_rng(1)
    for folder, side in (("valid_hr", 32), ("valid_lr", 16)):
        (tmp_path / folder).mkdir()
        for name in ("a.png", "b.png"):
            cv2.imwrite(str(tmp_path / folder / name), rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
    return str(tmp_path / "valid_hr"), str(tmp_path / "valid_lr")


def test_held_out_pairs_take_the_place_of_the_configs() -> None:
    config = load_config("cyclesr_ntire17_t2")
    validate_on(config, "sharp", "small")
    train_on(config, "hr", "real", validates=True)
    check_config(config)
    data = dict(type="PairedDataset", scale=4, hr="sharp", lr="small")
    for name in ("val", "test"):
        assert config[f"{name}_dataloader"].dataset == data
        assert config[f"{name}_dataloader"].num_workers == 2
        assert config[f"{name}_evaluator"].protocol == "ntire17"
    assert (config.train_dataloader.dataset.hr, config.train_dataloader.dataset.real) == ("hr", "real")


def test_a_config_without_validation_gets_it(tiny_config: Path) -> None:
    options = {f"{name}_{part}": None for name in ("val", "test") for part in ("dataloader", "evaluator", "cfg")}
    config = load_config(tiny_config, options)
    validate_on(config, "sharp", "small")
    check_config(config)
    for name, loop in (("val", "ValLoop"), ("test", "TestLoop")):
        assert config[f"{name}_dataloader"].dataset == dict(type="PairedDataset", scale=4, hr="sharp", lr="small")
        assert config[f"{name}_evaluator"] == dict(type="SRQuality", protocol="plain", scale=4)
        assert config[f"{name}_cfg"] == dict(type=loop)


@pytest.mark.parametrize("name", ["own_images/blur_noise", "own_images/network"])
def test_trains_and_validates_at_scale_2(name: str, folders: dict[str, Path], pairs: tuple[str, str], tmp_path) -> None:
    options = {
        "train_dataloader.dataset.crop": 12,
        "train_dataloader.batch_size": 2,
        "model.sr": dict(channels=4, num_blocks=1),
        "experiment_name": f"{tmp_path.name}_{Path(name).stem}",
    }
    images = (str(folders["hr"]), str(folders["lr"]))
    work_dir = tmp_path / "run"
    runner = train(
        name,
        work_dir=str(work_dir),
        options=options,
        scale=2,
        iterations=8,
        folders=images,
        held_out=pairs,
        device="cpu",
    )
    assert runner.model.sr_entry()["scale"] == 2
    assert {Path(path).parent.name for path in runner.val_dataloader.dataset.lr_paths} == {"valid_lr"}
    assert runner.message_hub.get_scalar("val/psnr").current() > 5
    assert (work_dir / "sr_latest.safetensors").is_file()


def test_folders_that_are_not_given_are_named() -> None:
    with pytest.raises(UserError, match=r"train_dataloader\.dataset\.hr.*--hr and --real"):
        train("own_images/blur_noise")
    options = {f"train_dataloader.dataset.{key}": "." for key in ("hr", "real")}
    with pytest.raises(UserError, match=r"val_dataloader\.dataset.*--val-hr and --val-lr"):
        train("own_images/blur_noise", options=options)


def test_pairs_of_another_scale_are_named_before_training(pairs: tuple[str, str], folders: dict[str, Path]) -> None:
    images = (str(folders["hr"]), str(folders["lr"]))
    options = {"train_dataloader.dataset.crop": 12}
    with pytest.raises(UserError, match=r"2 of 2 pairs.*scale 4.*a\.png \(16x16\).*\(32x32\)"):
        train("own_images/blur_noise", folders=images, held_out=pairs, options=options, device="cpu")


def test_two_scales_on_the_command_line_are_named() -> None:
    with pytest.raises(UserError, match=r"--scale is 2.*scale=4"):
        train("own_images/blur_noise", scale=2, options={"scale": 4})


def test_the_network_for_own_images_has_options_against_noise_and_casts() -> None:
    options = {
        "model.translator.noise_channels": 3,
        "model.translator.real_low_pass": 5,
        "model.translator.low_frequency_lock": 9,
        "model.unexplained": dict(level=(1.0, 1.0), texture=0.3),
    }
    ours, track = load_config("own_images/network"), load_config("demo/cyclesr_track", options)
    assert ours.model == track.model
    assert load_config("own_images/blur_noise").model == load_config("demo/probabilistic_track").model


def test_a_config_without_training_data_cannot_be_pointed_at_folders() -> None:
    config = load_config("demo/cyclesr_demo")
    config.pop("train_dataloader")
    with pytest.raises(UserError, match=r"--hr and --real are for .* of this config is none\(\)"):
        train_on(config, "hr", "real")
