"""Data of experiments from photographs: no photograph has two roles, and the hidden LR images fit exactly."""

import json
from pathlib import Path

import numpy as np
import pytest

import cyclesr.datasets.tracks as subject
from cyclesr.datasets.paired import PairedDataset
from cyclesr.datasets.tracks import DEMO_HELD_OUT, DEMO_HR, DEMO_REAL, make_demo, split_and_simulate
from cyclesr.degradations.track import TrackDegradation
from cyclesr.errors import UserError
from cyclesr.images.listing import list_images
from cyclesr.images.reading import read_image
from cyclesr.images.writing import write_image


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("skimage")
    pytest.importorskip("sklearn")
    out = tmp_path_factory.mktemp("demo")
    folders = make_demo(out, seed=3)
    assert folders["hidden_lr"] == out / "hidden"
    return out


def stems(folder: Path) -> list[str]:
    return [path.stem for path in list_images(folder)]


def test_no_demo_photograph_has_two_roles() -> None:
    assert len({*DEMO_HR, *DEMO_REAL, *DEMO_HELD_OUT}) == len(DEMO_HR) + len(DEMO_REAL) + len(DEMO_HELD_OUT) == 15


def test_demo_layout(demo: Path) -> None:
    assert stems(demo / "hr") == sorted(Path(name).stem for name in DEMO_HR)
    assert stems(demo / "real") == sorted(Path(name).stem + "x4" for name in DEMO_REAL)
    assert stems(demo / "valid" / "lr") == ["chelseax4", "coffeex4", "coinsx4"]
    assert stems(demo / "valid" / "hr") == ["chelsea", "coffee", "coins"]
    assert stems(demo / "hidden") == [name + "x4" for name in stems(demo / "hr")]


def test_demo_pairs_and_hidden_truth_fit_exactly(demo: Path) -> None:
    truth = TrackDegradation(demo / "manifest.json")
    for lr, hr in ((demo / "valid" / "lr", demo / "valid" / "hr"), (demo / "hidden", demo / "hr")):
        item = PairedDataset(lr, hr, scale=4, cache=None)[0]
        assert (truth(item["hr"][None])[0] - item["lr"]).abs().max() <= 0.5 / 255 + 1e-6


def test_demo_blur_is_the_same_for_all_and_the_seed_rotates_it(demo: Path, tmp_path: Path) -> None:
    images = json.loads((demo / "manifest.json").read_text())["images"]
    assert len(images) == 15
    (kernel,) = {json.dumps(entry["kernel"]) for entry in images.values()}
    assert [json.loads(kernel)[key] for key in ("sigma_x", "sigma_y")] == [3.2, 1.8]
    subject.lay_out({}, {"a": demo / "hr" / "brick.png"}, {}, tmp_path, "unknown", 4, 3, dict(sigma_x=3.2, sigma_y=1.8))
    subject.lay_out({}, {"b": demo / "hr" / "brick.png"}, {}, tmp_path / "b", "unknown", 4, 4)
    assert (read_image(tmp_path / "real" / "ax4.png") == read_image(demo / "hidden" / "brickx4.png")).all()
    turned = json.loads((tmp_path / "b" / "manifest.json").read_text())["images"]["bx4.png"]["kernel"]["angle"]
    assert turned != json.loads(kernel)["angle"]


def test_missing_wheels_are_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(subject, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"astronaut\.png.*pip install 'cyclesr\[demo\]'"):
        make_demo(tmp_path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for n in range(10):
        image = np.random.default_rng(n).integers(0, 256, (34, 41, 3), dtype=np.uint8)
        write_image(tmp_path / "photos" / f"p{n}.png", image)
    return tmp_path / "photos"


@pytest.mark.parametrize(("track", "copies"), [("unknown", 1), ("wild", 4)])
def test_split(photos: Path, tmp_path: Path, track: str, copies: int) -> None:
    folders = split_and_simulate(photos, track, tmp_path / "out", scale=4, seed=1)
    counts = {key: len(list_images(folders[key])) for key in ("hr", "real", "valid_hr", "valid_lr", "hidden_lr")}
    assert counts == dict(hr=4, real=4 * copies, valid_hr=2, valid_lr=2, hidden_lr=4)
    numbers = [{stem[:4] for stem in stems(folders[key])} for key in ("hr", "real", "valid_hr")]
    assert len(set.union(*numbers)) == 10
    pairs = PairedDataset(folders["hidden_lr"], folders["hr"], scale=4, cache=None)
    lr, hr = pairs[3]["lr"], pairs[3]["hr"]
    assert hr.shape == (3, 32, 40)
    truth = TrackDegradation(folders["manifest"], Path(pairs[3]["lr_path"]).name)(hr[None])[0]
    assert (lr - truth).abs().mean() < (0.002 if track == "unknown" else 0.05)
    assert folders["scale"] == 4


def test_split_depends_on_the_seed_and_can_be_repeated(photos: Path, tmp_path: Path) -> None:
    def hr_of(out: str, seed: int) -> list[str]:
        return stems(split_and_simulate(photos, "unknown", tmp_path / out, seed=seed)["hr"])

    assert hr_of("a", 1) == hr_of("b", 1) == hr_of("a", 1)
    assert hr_of("c", 2) != hr_of("a", 1)
    with pytest.raises(UserError, match="do not belong to this run"):
        hr_of("a", 2)


def test_split_needs_five(tmp_path: Path) -> None:
    write_image(tmp_path / "one" / "a.png", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(UserError, match=r"5 photographs.*holds 1"):
        split_and_simulate(tmp_path / "one", "mild", tmp_path / "out")
