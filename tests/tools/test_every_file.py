"""The commands agree about every file, whatever it holds, and no file stops the others."""

import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
import torch
from odd_files import SIDE, scene, write_odd_files
from PIL import Image
from torch import Tensor, nn

from cyclesr.datasets.inspection import inspect_folder
from cyclesr.datasets.unpaired import UnpairedDataset
from cyclesr.engine.preflight import check_images
from cyclesr.errors import UserError
from cyclesr.images.reading import read_picture
from cyclesr.inference.files import infer
from cyclesr.inference.measurement import measure_folders
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class TwiceForOddFiles(nn.Module):
    """Repeats each pixel, so that the results can be told."""

    def forward(self, lr: Tensor) -> Tensor:
        return lr.repeat_interleave(2, 2).repeat_interleave(2, 3)


@pytest.fixture
def network(tmp_path) -> str:
    path = tmp_path / "net.pth"
    torch.save(dict(sr_network=dict(config=dict(type="TwiceForOddFiles"), scale=2, state_dict={})), path)
    return str(path)


def errors_in_training(folder: Path, cache: Path) -> list[str]:
    """Reads the headers of a folder and then each image, as a training does."""
    errors = []
    try:
        check_images(dict(hr=folder, real=folder, crop=8, scale=2))
    except UserError as error:
        errors.append(str(error))
    data = UnpairedDataset(folder, folder, crop=8, scale=2, cache=cache)
    for path in data.hr_paths:
        data.hr_paths = data.real_paths = [path]
        try:
            data.cut(0)
        except UserError as error:
            errors.append(str(error))
    return errors


def test_check_train_and_infer_agree_about_every_kind(tmp_path, network) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    readable, others = write_odd_files(folder)
    report = infer(network, str(folder), str(tmp_path / "sr"), device="cpu")
    assert len(report.written) == len(readable)
    for deep in (False, True):
        inspected = inspect_folder(folder, deep=deep)
        assert sorted(path.name for path in inspected.sizes) == readable
        assert sorted(inspected.problems) == sorted(report.failed)
    trained = errors_in_training(folder, tmp_path / "cache")
    assert sorted(trained[1:]) == sorted(report.failed)  # the first is that of all headers
    for name, words in others.items():
        assert any(name in line and words in line for line in report.failed)
        assert name in trained[0]
    assert len(report.failed) == len(others)


def test_each_kind_is_enlarged_as_it_is(tmp_path, network) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    readable, _ = write_odd_files(folder)
    infer(network, str(folder), str(tmp_path / "sr"), device="cpu")
    names = {path.stem for path in (tmp_path / "sr").iterdir()}
    for name in readable:
        before = read_picture(folder / name)
        after = read_picture(tmp_path / "sr" / f"{name if name in names else Path(name).stem}.png")
        assert (after.bits, after.gray, after.alpha is None) == (before.bits, before.gray, before.alpha is None), name
        visible = np.ones((2 * SIDE, 2 * SIDE), bool) if after.alpha is None else after.alpha > 0
        visible &= True if before.alpha is None else before.alpha.repeat(2, 0).repeat(2, 1) > 0
        assert np.array_equal(after.pixels[visible], before.pixels.repeat(2, 0).repeat(2, 1)[visible]), name


def test_damage_behind_a_header_is_found_by_a_deep_check_and_by_the_cache(tmp_path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    image = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    for name in ("a.jpg", "b.jpg"):
        Image.fromarray(image).save(folder / name)
    data = bytearray((folder / "b.jpg").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 512] = bytes(512)  # a lost sector
    (folder / "b.jpg").write_bytes(bytes(data))
    assert inspect_folder(folder).problems == []
    (deep,) = inspect_folder(folder, deep=True).problems
    (trained,) = errors_in_training(folder, tmp_path / "cache")
    assert deep == trained
    assert "b.jpg is damaged behind its header" in deep


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_are_not_utf_8(tmp_path, network, capsys) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd \xff"))
    folder.mkdir()
    for name in (b"na\xefve.png", b"caf\xe9.png"):
        Image.fromarray(scene().astype(np.uint8)).save(folder / os.fsdecode(name))
    (folder / os.fsdecode(b"bad\xe9.png")).write_text("no image")
    report = infer(network, str(folder), str(tmp_path / "sr"), device="cpu")
    assert sorted(os.fsencode(path.name) for path in report.written) == [b"caf\xe9.png", b"na\xefve.png"]
    assert "bad\\udce9.png" in str(report.failed[0])
    assert len(inspect_folder(folder).problems) == len(errors_in_training(folder, tmp_path / "cache")) - 1 == 1
    print(*report.failed)
    assert "bad" in capsys.readouterr().out


def test_links_in_a_circle_and_links_to_nothing_stop_nothing(tmp_path, network) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.fromarray(scene().astype(np.uint8)).save(folder / "a.png")
    for name, target in (("circle.png", "circle.png"), ("nothing.png", "nowhere"), ("circle", "circle"), ("up", "..")):
        (folder / name).symlink_to(target)
    report = infer(network, str(folder), str(tmp_path / "sr"), device="cpu")
    assert [path.name for path in report.written] == ["a.png"]
    assert [name in line for name, line in zip(("circle.png", "nothing.png"), report.failed, strict=True)] == [True] * 2
    inspected = inspect_folder(folder)
    assert inspected.problems == report.failed
    assert inspected.passed_over == ["1 file without a suffix", "1 subfolder"]


def test_measuring_passes_over_what_cannot_be_read(tmp_path) -> None:
    rng = np.random.default_rng(0)
    for number in range(2):
        image = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), image)
    tifffile.imwrite(tmp_path / "bands.tif", scene(5).astype(np.uint8), photometric="minisblack", planarconfig="contig")
    report = measure_folders(tmp_path, scale=2)
    assert len(report.real.camera.images) == 2
    assert "5 bands" in report.real.passed_over[0]


def test_a_training_on_every_kind(tool, config, tmp_path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    _, others = write_odd_files(folder)
    (folder / "more").mkdir()
    arguments = ["train", config, "--hr", folder, "--real", folder, "--work-dir", tmp_path / "run", "--iterations", 1]
    crop = ["--cfg-options", "train_dataloader.dataset.crop=12", "model.translator.pool_size=1"]
    failed = tool(*arguments, *crop)
    assert failed.returncode == 2
    assert f"{2 * len(others)} of" in failed.stderr  # as HR and as real images
    assert all(name in failed.stderr for name in others)
    for name in others:
        (folder / name).unlink()
    done = tool(*arguments, *crop)
    assert done.returncode == 0, done.stderr
    assert "Passed over" in done.stdout + done.stderr
    assert "1 subfolder" in done.stdout + done.stderr


def test_scoring_leaves_out_what_cannot_be_read(tool, tmp_path) -> None:
    for name in ("sr", "hr"):
        (tmp_path / name).mkdir()
        for number in range(2):
            Image.fromarray(scene().astype(np.uint8)).save(tmp_path / name / f"{number}.png")
        (tmp_path / name / "2.png").write_text("no image")
    arguments = ["test", "--images", tmp_path / "sr", "--hr", tmp_path / "hr", "--scale", 2]
    done = tool(*arguments, "--out", tmp_path / "r.json")
    assert done.returncode == 2
    assert "| 2 |" in done.stdout
    assert "2.png" in done.stderr
    assert "1 of 3 images" in done.stderr.splitlines()[-1]
    assert (tmp_path / "r.csv").is_file()


def test_a_verdict_passes_over_what_cannot_be_read(tmp_path, network) -> None:
    from cyclesr.checkpoints.sr_network import load_sr
    from cyclesr.inference.verdict import judge

    Image.fromarray(scene().astype(np.uint8)).resize((96, 96)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no image")
    paths, skipped = [tmp_path / "a.png", tmp_path / "b.png"], []
    verdict = judge(load_sr(network)[0], paths, 2, skip=skipped.append)
    assert list(verdict.images) == ["a.png"]
    assert "b.png" in str(skipped[0])
    with pytest.raises(UserError, match=r"b\.png"):
        judge(load_sr(network)[0], paths, 2)
