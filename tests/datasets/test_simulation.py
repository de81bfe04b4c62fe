"""Simulated tracks: seeds, names as in DIV2K, and agreement with their manifest."""

import json
from pathlib import Path

import numpy as np
import pytest

from cyclesr.datasets.paired import PairedDataset
from cyclesr.datasets.simulation import make_track
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


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize(
    ("track", "options", "names"),
    [
        ("unknown", {}, ["0001x4.png", "0002x4.png", "0003x4.png"]),
        ("mild", dict(scale=2), ["0001x2m.png", "0002x2m.png", "0003x2m.png"]),
        ("wild", dict(numbers=(2, 2)), ["0002x4w1.png", "0002x4w2.png", "0002x4w3.png", "0002x4w4.png"]),
        ("wild", dict(variants=1), ["0001x4w.png", "0002x4w.png", "0003x4w.png"]),
    ],
)
def test_names_pair_up(hr: Path, tmp_path: Path, track: str, options: dict, names: list[str]) -> None:
    make_track(hr, tmp_path / "lr", track, **options)
    assert [path.name for path in list_images(tmp_path / "lr")] == names
    pairs = PairedDataset(tmp_path / "lr", hr, scale=options.get("scale", 4), cache=None)
    assert len([pairs[i] for i in range(len(pairs))]) == len(names)


@pytest.mark.parametrize("track", ["unknown", "mild", "wild"])
def test_seed_decides_everything(hr: Path, tmp_path: Path, track: str) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        make_track(hr, tmp_path / name, track, seed=seed)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    make_track(hr, tmp_path / "a", track, seed=1)  # a second run overwrites files of the same names
    assert files(tmp_path / "a") == files(tmp_path / "c")
    assert (
        files(tmp_path / "b")[f"0001x4{dict(unknown='', mild='m', wild='w1')[track]}.png"]
        not in files(tmp_path / "c").values()
    )


def test_an_image_does_not_depend_on_the_others(hr: Path, tmp_path: Path) -> None:
    make_track(hr, tmp_path / "all", "wild")
    make_track(hr, tmp_path / "one", "wild", numbers=(3, 3))
    every, one = files(tmp_path / "all"), files(tmp_path / "one")
    assert all(every[name] == one[name] for name in one if name.endswith(".png"))


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
