"""Degradation of folders with the translator of a checkpoint."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from cyclesr.datasets.paired import PairedDataset
from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.images.reading import read_image
from cyclesr.images.writing import write_image
from cyclesr.inference.degrade import degrade_folder
from cyclesr.inference.translator import load_degradation, read_assigned
from cyclesr.registry import MODELS

GENERATOR = dict(channels=4, num_blocks=1, num_down=0, norm="none", head_kernel=3)


def model_config(translator: str = "CycleGAN", **options) -> dict:
    kind = dict(type=translator, generator=GENERATOR, discriminator=dict(channels=4, num_layers=1), **options)
    return dict(
        type="CollaborativeSR",
        degradation=dict(type="Bicubic", scale=4),
        translator=kind,
        sr=dict(type="SRResNet", scale=4, channels=4, num_blocks=1),
        sr_loss=dict(type="MSELoss", weight=1e3),
    )


def save(path: Path, config: dict, **changes) -> Path:
    """Saves a checkpoint as training does."""
    model = MODELS.build(config)
    text = Config(dict(model=config, work_dir="x", train_cfg=dict(max_iters=3))).pretty_text
    content = dict(meta=dict(cfg=text, iter=3), state_dict=model.state_dict(), sr_network=model.sr_entry())
    torch.save({**content, **changes}, path)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name, size in (("0001.png", (64, 48)), ("0002.jpg", (50, 67)), ("0003.png", (40, 40))):
        write_image(tmp_path / "hr" / name, rng.integers(60, 200, (*size, 3), dtype=np.uint8))
    return tmp_path / "hr"


def bicubic(photo: Path) -> np.ndarray:
    hr = read_image(photo)
    height, width = (side // 4 * 4 for side in hr.shape[:2])
    planes = torch.from_numpy(hr[:height, :width].astype(np.float64)).permute(2, 0, 1)
    lr = imresize(planes, size=(height // 4, width // 4)).permute(1, 2, 0)
    return (lr.clamp(0, 255) + 0.5).floor().numpy().astype(np.uint8)


@pytest.mark.parametrize("translator", ["CycleGAN", "UNIT"])
def test_an_untrained_residual_translator_writes_bicubic(translator: str, photos: Path, tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "c.pth", model_config(translator, residual=True))
    report, larger = degrade_folder(checkpoint, photos, tmp_path / "lr", device="cpu", hr_out=tmp_path / "cut")
    assert [path.name for path in report.written] == ["0001.png", "0002.png", "0003.png"]
    assert not report.failed
    assert [path.name for path in larger] == ["0002.jpg"]
    for photo in photos.iterdir():
        written = read_image(tmp_path / "lr" / f"{photo.stem}.png")
        assert written.dtype == np.uint8
        assert np.abs(written.astype(int) - bicubic(photo)).max() <= 1  # float32 and float64 round halves differently
    assert read_image(tmp_path / "cut" / "0002.png").shape == (48, 64, 3)
    pairs = PairedDataset(tmp_path / "lr", tmp_path / "cut", 4, cache=None)
    assert [tuple(pairs[i]["hr"].shape[1:]) for i in range(3)] == [(64, 48), (48, 64), (40, 40)]


def test_pairs_of_16_bit_images_are_8_bit(tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (16, 16, 3), dtype=np.uint16)
    write_image(tmp_path / "hr" / "0001.png", deep)
    checkpoint = save(tmp_path / "c.pth", model_config(residual=True))
    degrade_folder(checkpoint, tmp_path / "hr", tmp_path / "lr", device="cpu", hr_out=tmp_path / "cut")
    lr, hr = (read_image(tmp_path / folder / "0001.png") for folder in ("lr", "cut"))
    assert lr.dtype == hr.dtype == np.uint8
    assert (hr == np.floor(deep / 257 + 0.5)).all()


def test_trained_weights_are_used_and_tiles_equal_the_whole(photos: Path, tmp_path: Path) -> None:
    config = model_config()
    checkpoint = save(tmp_path / "c.pth", config)
    degrade_folder(checkpoint, photos, tmp_path / "whole", device="cpu", tile=None)
    degrade_folder(checkpoint, photos, tmp_path / "tiles", device="cpu", tile=5, overlap=12)
    model = MODELS.build(config)
    model.load_state_dict(torch.load(checkpoint, weights_only=True)["state_dict"])
    hr = torch.from_numpy(read_image(photos / "0001.png").astype(np.float32) / 255).permute(2, 0, 1)[None]
    expected = model.eval().translator.degrade(model.degradation(hr))[0].detach().permute(1, 2, 0).numpy() * 255
    whole = read_image(tmp_path / "whole" / "0001.png")
    assert np.abs(whole - expected).max() < 0.51
    assert np.abs(whole.astype(int) - bicubic(photos / "0001.png")).max() > 5
    assert np.abs(whole.astype(int) - read_image(tmp_path / "tiles" / "0001.png")).max() <= 1


def bulat_config(**options) -> dict:
    generator = dict(channels=4, num_blocks=1, norm="none", head_kernel=3, tail_kernel=3)
    kind = dict(type="Bulat", scale=4, generator=generator, discriminator=dict(channels=4, num_layers=1), **options)
    return {**model_config(), "translator": kind}


def test_a_translator_from_hr_is_given_hr_tile_by_tile(photos: Path, tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "c.pth", bulat_config(noise_channels=0))
    degrade_folder(checkpoint, photos, tmp_path / "whole", device="cpu", tile=None)
    degrade_folder(checkpoint, photos, tmp_path / "tiles", device="cpu", tile=5, overlap=6)
    hr = torch.from_numpy(read_image(photos / "0001.png").astype(np.float32) / 255).permute(2, 0, 1)[None]
    expected = load_degradation(checkpoint).translator.degrade(hr)[0].permute(1, 2, 0).numpy() * 255
    whole = read_image(tmp_path / "whole" / "0001.png")
    assert np.abs(whole - expected).max() < 0.51
    assert np.abs(whole.astype(int) - read_image(tmp_path / "tiles" / "0001.png")).max() <= 1


def test_draws_of_a_translator_from_hr_differ(photos: Path, tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "c.pth", bulat_config(noise_channels=1))
    report, _ = degrade_folder(checkpoint, photos, tmp_path / "lr", draws=2, device="cpu")
    assert len(report.written) == 6
    first, second = (read_image(tmp_path / "lr" / f"draw{k}" / "0003.png") for k in (1, 2))
    assert (first != second).any()


def test_draws_differ_are_reproducible_and_do_not_depend_on_other_images(photos: Path, tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "c.pth", model_config(noise_channels=1))
    report, _ = degrade_folder(checkpoint, photos, tmp_path / "lr", draws=2, device="cpu")
    assert len(report.written) == 6
    first, second = (read_image(tmp_path / "lr" / f"draw{k}" / "0003.png") for k in (1, 2))
    assert (first != second).any()
    (photos / "0001.png").unlink()
    degrade_folder(checkpoint, photos, tmp_path / "again", device="cpu")
    assert (read_image(tmp_path / "again" / "0003.png") == first).all()
    degrade_folder(checkpoint, photos, tmp_path / "other", seed=1, device="cpu")
    assert (read_image(tmp_path / "other" / "0003.png") != first).any()


def test_runs_with_other_draws_do_not_mix(photos: Path, tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "c.pth", model_config(noise_channels=1))
    for _ in range(2):  # the same run again replaces its images
        degrade_folder(checkpoint, photos, tmp_path / "two", draws=2, device="cpu")
    with pytest.raises(UserError, match=r"two holds draw1 .*--draws"):
        degrade_folder(checkpoint, photos, tmp_path / "two", device="cpu")
    (tmp_path / "two" / "draw1").rename(tmp_path / "two" / "draw3")
    with pytest.raises(UserError, match=r"two holds draw3 .*--draws"):
        degrade_folder(checkpoint, photos, tmp_path / "two", draws=2, device="cpu")
    degrade_folder(checkpoint, photos, tmp_path / "one", device="cpu")
    with pytest.raises(UserError, match="one holds 3 images"):
        degrade_folder(checkpoint, photos, tmp_path / "one", draws=2, device="cpu")


def test_draws_need_a_translator_with_noise(photos: Path, tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "c.pth", model_config())
    with pytest.raises(UserError, match=r"no noise.*remove --draws"):
        degrade_folder(checkpoint, photos, tmp_path / "lr", draws=2, device="cpu")
    with pytest.raises(UserError, match=r"--draws.*found 0"):
        degrade_folder(checkpoint, photos, tmp_path / "lr", draws=0, device="cpu")


def test_mistakes_in_folders(photos: Path, tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "c.pth", model_config())
    with pytest.raises(UserError, match=r"overwrite .*0001.png: give another"):
        degrade_folder(checkpoint, photos, photos, device="cpu")
    for draws, hr_out in ((1, "lr"), (1, "lr/draw1"), (2, "lr/draw1"), (1, ".")):
        with pytest.raises(UserError, match=r"LR images .*lr.* nested.*--hr-out"):
            degrade_folder(checkpoint, photos, tmp_path / "lr", draws=draws, device="cpu", hr_out=tmp_path / hr_out)
    assert not (tmp_path / "lr").exists()
    write_image(tmp_path / "lr" / "other.png", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(UserError, match="lr holds 1 image"):
        degrade_folder(checkpoint, photos, tmp_path / "lr", device="cpu")
    (photos / "0001.png").write_bytes(b"\x89PNG")
    write_image(photos / "0003.png", np.zeros((3, 40, 3), np.uint8))
    report, _ = degrade_folder(checkpoint, photos, tmp_path / "new", device="cpu")
    assert [path.name for path in report.written] == ["0002.png"]
    assert "0001.png (4 bytes)" in report.failed[0]
    assert all(word in report.failed[1] for word in ("0003.png", "40x3", "scale 4"))


def test_checkpoints_without_a_translator(tmp_path: Path) -> None:
    supervised = model_config() | {"type": "SupervisedSR"}
    del supervised["translator"]
    with pytest.raises(UserError, match=r"SupervisedSR holds no translator: .*CollaborativeSR"):
        load_degradation(save(tmp_path / "s.pth", supervised))
    torch.save(dict(sr_network={}), tmp_path / "x.pth")
    with pytest.raises(UserError, match="lacks the config or the weights"):
        load_degradation(tmp_path / "x.pth")
    with pytest.raises(UserError, match=r"x\.safetensors.*\.pth"):
        load_degradation(tmp_path / "x.safetensors")
    with pytest.raises(UserError, match=r"translator: .*to_real"):
        load_degradation(save(tmp_path / "w.pth", model_config(), state_dict={}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model = __import__('os').system('true')", r"other than dict\(\)"),
        ("model = dict(type='CollaborativeSR', translator=dict(type='os.system', command='true'))", "os.system"),
        ("model = dict(translator=dict(type='CycleGAN', generator=dict(type='os.system', command='true')))", "os.sys"),
        ("model = dict(translator=open)", "cannot be read"),
        ("model = [", "cannot be read"),
        ("other = 1", "has no model"),
    ],
)
def test_a_config_text_is_never_executed(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        load_degradation(save(tmp_path / "c.pth", model_config(), meta=dict(cfg=text)))


def test_config_texts_as_mmengine_writes_them() -> None:
    value = {"a": [1, -2.5, (True, None)], "b c": {"type": "X", "1": "y'\"\n"}, "d": {"e": 1e-4}, "f": {}}
    text = Config(dict(model=value, z=1)).pretty_text
    assert read_assigned(text, "model") == value
    with pytest.raises(ValueError, match="unpacks"):
        read_assigned("model = dict(**{'a': 1})", "model")
