"""Simulated tracks: seeds, names as in DIV2K, and agreement with their manifest."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, JpegImagePlugin

from cyclesr.datasets.paired import PairedDataset
from cyclesr.datasets.simulation import default_scale, make_track, write_manifest
from cyclesr.degradations.bicubic import Bicubic
from cyclesr.degradations.track import TrackDegradation
from cyclesr.errors import UserError
from cyclesr.images.listing import list_images
from cyclesr.images.reading import read_image
from cyclesr.images.tensors import to_tensor
from cyclesr.images.writing import write_image


@pytest.fixture
def hr(tmp_path: Path) -> Path:
    for n in (1, 2, 3):
        noise = np.random.default_rng(n).integers(0, 256, (12, 16, 3), dtype=np.uint8)
        write_image(tmp_path / "hr" / f"{n:04d}.png", noise.repeat(4, 0).repeat(4, 1))
    return tmp_path / "hr"


FIRST = dict(unknown="0001x4.png", mild="0001x4m.png", wild="0001x4w1.png", phone="0001x2p.jpg", dslr="0001x2d.jpg")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize(
    ("track", "options", "names"),
    [
        ("unknown", {}, ["0001x4.png", "0002x4.png", "0003x4.png"]),
        ("mild", dict(scale=2), ["0001x2m.png", "0002x2m.png", "0003x2m.png"]),
        ("wild", dict(numbers=(2, 2)), ["0002x4w1.png", "0002x4w2.png", "0002x4w3.png", "0002x4w4.png"]),
        ("phone", {}, ["0001x2p.jpg", "0002x2p.jpg", "0003x2p.jpg"]),
        ("dslr", dict(scale=4, numbers=(2, 2)), ["0002x4d.jpg"]),
        ("wild", dict(variants=1), ["0001x4w.png", "0002x4w.png", "0003x4w.png"]),
    ],
)
def test_names_pair_up(hr: Path, tmp_path: Path, track: str, options: dict, names: list[str]) -> None:
    make_track(hr, tmp_path / "lr", track, **options)
    assert [path.name for path in list_images(tmp_path / "lr")] == names
    pairs = PairedDataset(tmp_path / "lr", hr, scale=options.get("scale", default_scale(track)), cache=None)
    assert len([pairs[i] for i in range(len(pairs))]) == len(names)


@pytest.mark.parametrize("track", ["unknown", "mild", "wild", "phone", "dslr"])
def test_seed_decides_everything(hr: Path, tmp_path: Path, track: str) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        make_track(hr, tmp_path / name, track, seed=seed)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    make_track(hr, tmp_path / "a", track, seed=1)  # a second run overwrites files of the same names
    assert files(tmp_path / "a") == files(tmp_path / "c")
    assert files(tmp_path / "b")[FIRST[track]] not in files(tmp_path / "c").values()


@pytest.mark.parametrize("track", ["wild", "phone"])
def test_an_image_does_not_depend_on_the_others(hr: Path, tmp_path: Path, track: str) -> None:
    make_track(hr, tmp_path / "all", track)
    make_track(hr, tmp_path / "one", track, numbers=(3, 3))
    every, one = files(tmp_path / "all"), files(tmp_path / "one")
    assert len(one) > 1
    assert all(every[name] == one[name] for name in one if name != "manifest.json")


def test_kernels_are_shared_or_vary(hr: Path, tmp_path: Path) -> None:
    truth = {}
    for track in ("unknown", "mild", "wild"):
        make_track(hr, tmp_path / track, track)
        truth[track] = json.loads((tmp_path / track / "manifest.json").read_text())["images"]
    kinds = {t: {json.dumps([e["kernel"], e["shot"]]) for e in images.values()} for t, images in truth.items()}
    assert {track: len(kind) for track, kind in kinds.items()} == dict(unknown=1, mild=1, wild=12)
    assert [entry["shot"] for entry in truth["unknown"].values()] == [0, 0, 0]
    assert truth["wild"]["0003x4w2.png"]["hr"] == "0003"


def test_noise_of_a_given_strength(tmp_path: Path) -> None:
    write_image(tmp_path / "hr" / "0001.png", np.full((400, 400, 3), 128, np.uint8))
    make_track(tmp_path / "hr", tmp_path / "lr", "mild", shot=2e-3)
    lr = to_tensor(read_image(tmp_path / "lr" / "0001x4m.png"))
    assert lr.var().item() == pytest.approx(128 / 255 * 2e-3, rel=0.05)
    assert json.loads((tmp_path / "lr" / "manifest.json").read_text())["images"]["0001x4m.png"]["shot"] == 2e-3


@pytest.mark.parametrize("track", ["unknown", "wild"])
def test_track_degradation_gives_the_lr_without_noise(hr: Path, tmp_path: Path, track: str) -> None:
    make_track(hr, tmp_path / "lr", track, blur=dict(sigma_x=2.0), variants=1)
    name = f"0002x4{'w' if track == 'wild' else ''}.png"
    truth = TrackDegradation(tmp_path / "lr" / "manifest.json", name)(to_tensor(read_image(hr / "0002.png"))[None])[0]
    error = to_tensor(read_image(tmp_path / "lr" / name)) - truth
    entry = json.loads((tmp_path / "lr" / "manifest.json").read_text())["images"][name]
    assert entry["kernel"]["sigma_x"] == 2.0
    if track == "unknown":
        assert error.abs().max() <= 0.5 / 255 + 1e-6
    else:
        expected = (entry["shot"] * truth.mean() + (1 / 255) ** 2 / 12).sqrt().item()
        assert error.std().item() == pytest.approx(expected, rel=0.15)


def test_poisson_noise_grows_with_the_signal(tmp_path: Path) -> None:
    halves = np.full((256, 256, 3), 60, np.uint8)
    halves[:, 128:] = 180
    write_image(tmp_path / "hr" / "1.png", halves)
    make_track(tmp_path / "hr", tmp_path / "lr", "mild")
    lr = to_tensor(read_image(tmp_path / "lr" / "1x4m.png"))
    for part, level in ((lr[:, 2:-2, 2:24], 60 / 255), (lr[:, 2:-2, 40:-2], 180 / 255)):
        assert part.mean().item() == pytest.approx(level, abs=2e-3)
        assert part.var().item() == pytest.approx(5e-4 * level + (1 / 255) ** 2 / 12, rel=0.1)


@pytest.mark.parametrize("track", ["phone", "dslr"])
def test_a_camera_writes_jpegs_as_the_manifest_says(hr: Path, tmp_path: Path, track: str) -> None:
    make_track(hr, tmp_path / "lr", track)
    images = json.loads((tmp_path / "lr" / "manifest.json").read_text())["images"]
    assert len({json.dumps(entry["mtf"]) for entry in images.values()}) == 3
    for name, entry in images.items():
        buffer = BytesIO()
        Image.new("RGB", (8, 8)).save(buffer, "JPEG", quality=entry["quality"])
        with Image.open(tmp_path / "lr" / name) as written, Image.open(buffer) as expected:
            assert written.quantization == expected.quantization
            assert ["4:4:4", "4:2:2", "4:2:0"][JpegImagePlugin.get_sampling(written)] == entry["subsampling"]


@pytest.mark.parametrize("track", ["phone", "dslr"])
def test_track_degradation_of_a_camera_is_near_its_images(tmp_path: Path, track: str) -> None:
    random = np.random.default_rng(5)
    blocks = random.integers(30, 226, (30, 40, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
    write_image(tmp_path / "hr" / "1.png", blocks)
    make_track(tmp_path / "hr", tmp_path / "lr", track)
    (name,) = json.loads((tmp_path / "lr" / "manifest.json").read_text())["images"]
    source, lr = to_tensor(read_image(tmp_path / "hr" / "1.png"))[None], to_tensor(read_image(tmp_path / "lr" / name))
    truth = TrackDegradation(tmp_path / "lr" / "manifest.json", name)(source)[0]
    gray = torch.tensor([0.299, 0.587, 0.114])[:, None, None]  # chrominance is subsampled
    error, bicubic = (((lr - image) * gray).sum(0).std() for image in (truth, Bicubic(2)(source)[0]))
    assert error < 0.7 * bicubic
    assert error < 6 / 255


def test_a_camera_takes_no_other_blur_or_noise(hr: Path, tmp_path: Path) -> None:
    for options in (dict(shot=1e-3), dict(blur=dict(sigma_x=2.0))):
        with pytest.raises(UserError, match=r"phone.* camera"):
            make_track(hr, tmp_path / "lr", "phone", **options)


def test_sides_are_cropped_to_the_scale(tmp_path: Path) -> None:
    write_image(tmp_path / "hr" / "1.png", np.zeros((19, 22, 3), np.uint16))
    make_track(tmp_path / "hr", tmp_path / "lr", "unknown")
    assert read_image(tmp_path / "lr" / "1x4.png").shape == (4, 5, 3)
    assert read_image(tmp_path / "lr" / "1x4.png").dtype == np.uint8


def test_errors(hr: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'difficult'.*unknown, mild, wild"):
        make_track(hr, tmp_path / "lr", "difficult")
    make_track(hr, tmp_path / "lr", "mild")
    with pytest.raises(UserError, match=r"3 images that do not belong.*0001x4m\.png"):
        make_track(hr, tmp_path / "lr", "unknown")


def test_a_manifest_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = dict(track="mild", scale=4, seed=0, images={})
    write_manifest(tmp_path / "manifest.json", truth)
    former = (tmp_path / "manifest.json").read_text()

    def full_disk(self: Path, data: bytes) -> None:
        self.open("wb").close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_manifest(tmp_path / "manifest.json", truth | {"seed": 1})
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("manifest.json", former)]
