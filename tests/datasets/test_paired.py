"""PairedDataset: names, sizes, aligned crops."""

from pathlib import Path

import numpy as np
import pytest
import torch

from cyclesr.datasets.paired import match_hr
from cyclesr.errors import UserError
from cyclesr.images.writing import write_image
from cyclesr.registry import DATASETS


def enlarge(lr: np.ndarray, k: int) -> np.ndarray:
    return lr.repeat(k, 0).repeat(k, 1)


def random_image(seed: int, height: int = 10, width: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def folders(tmp_path: Path) -> dict:
    for n in (801, 802):
        lr = random_image(n)
        write_image(tmp_path / "lr" / f"{n:04d}x4m.png", lr)
        write_image(tmp_path / "hr" / f"{n:04d}.png", enlarge(lr, 4))
    return dict(lr=tmp_path / "lr", hr=tmp_path / "hr", cache=None)


def build(folders: dict, **options) -> torch.utils.data.Dataset:
    return DATASETS.build(dict(type="PairedDataset", scale=4, **folders, **options))


def test_whole_images_in_order(folders: dict) -> None:
    data = build(folders)
    assert len(data) == 2
    item = data[1]
    assert item["lr"].shape == (3, 10, 7)
    assert torch.equal(item["hr"][:, ::4, ::4], item["lr"])
    assert [Path(item[key]).name for key in ("lr_path", "hr_path")] == ["0802x4m.png", "0802.png"]
    with pytest.raises(IndexError):
        data[2]
    assert len(build(folders, hr_range=(802, 900))) == 1


def test_crops_stay_aligned(folders: dict) -> None:
    data = build(folders, crop=5, augment=True)
    crops = [data[i] for i in range(40)]
    for item in crops:
        assert item["hr"].shape == (3, 20, 20)
        assert torch.equal(item["hr"][:, ::4, ::4], item["lr"])
    assert len({item["lr"].numpy().tobytes() for item in crops}) > 30
    assert torch.equal(data[33]["lr"], build(folders, crop=5, augment=True)[33]["lr"])


def test_lr_only(folders: dict) -> None:
    item = build({**folders, "hr": None})[0]
    assert sorted(item) == ["lr", "lr_path"]


@pytest.mark.parametrize(("extra", "lr_size"), [((3, 0), (10, 7)), ((0, 2), (10, 7)), ((-2, 0), (9, 7))])
def test_surplus_is_cropped_bottom_right(folders: dict, extra: tuple[int, int], lr_size: tuple[int, int]) -> None:
    lr = random_image(801)
    hr = np.pad(enlarge(lr, 4), ((0, max(0, extra[0])), (0, extra[1]), (0, 0)))[: 40 + extra[0]]
    write_image(folders["hr"] / "0801.png", hr)
    item = build(folders)[0]
    assert item["lr"].shape == (3, *lr_size)
    assert torch.equal(item["hr"][:, ::4, ::4], item["lr"])


def test_wrong_sizes_are_named(folders: dict) -> None:
    write_image(folders["hr"] / "0801.png", random_image(0, 36, 28))
    with pytest.raises(UserError, match=r"0801x4m\.png \(7x10\) does not fit.*\(28x36\).*scale 4.*28x40"):
        build(folders)[0]
    write_image(folders["hr"] / "0801.png", random_image(0, 8, 28))
    with pytest.raises(UserError, match=r"0801x4m\.png \(7x10\) is larger than its HR"):
        build(folders)[0]
    with pytest.raises(UserError, match=r"0802x4m\.png measures 7x10.*8x8"):
        build(folders, crop=8, hr_range=(802, 802))[0]


def names(*stems: str) -> list[Path]:
    return [Path("d") / f"{stem}.png" for stem in stems]


def test_names_of_every_track_match() -> None:
    lr = names("0001x4w1", "0001x4w4", "0801x4", "0801x4m", "0801x4d", "0801x4w", "0801", "photox4")
    hr = names("0001", "0801", "photox4", "0900")
    assert [p.stem for p in match_hr(lr, hr, 4)] == ["0001"] * 2 + ["0801"] * 5 + ["photox4"]


def test_unmatched_names_are_listed() -> None:
    with pytest.raises(UserError, match=r"2 of 3 LR images of d .*0801x8\.png, b\.png"):
        match_hr(names("0801x4", "0801x8", "b"), names("0801"), 4)
    with pytest.raises(UserError, match="same name"):
        match_hr(names("a"), [Path("d/a.png"), Path("d/a.jpg")], 4)
