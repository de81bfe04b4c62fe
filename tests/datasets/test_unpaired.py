"""UnpairedDataset: independent draws, reproducibility, and that every image and every orientation occurs."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from cyclesr.datasets.draws import shuffled, turned
from cyclesr.errors import UserError
from cyclesr.images.writing import write_image
from cyclesr.registry import DATASETS


def coordinates(name: int, height: int, width: int) -> np.ndarray:
    """Makes an image whose channels are the row, the column and the number of the image."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, np.full_like(rows, name)], -1).astype(np.uint8)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, str]:
    for n in range(1, 7):
        write_image(tmp_path / "hr" / f"{n:04d}.png", coordinates(n, 40, 48))
        write_image(tmp_path / "real" / f"{n:04d}x4m.png", coordinates(n, 12, 10))
    return dict(hr=str(tmp_path / "hr"), real=str(tmp_path / "real"), cache=str(tmp_path / "cache"))


def build(folders: dict[str, str], **options) -> torch.utils.data.Dataset:
    return DATASETS.build(dict(type="UnpairedDataset", crop=8, scale=4, **folders, **options))


def ways_of(crop: torch.Tensor) -> tuple[int, int, bool]:
    """Returns row and column of the first pixel within the crop, and whether the next pixel is in the same row."""
    rows, columns = (crop[:2] * 255).round()
    return int(rows[0, 0] - rows.min()), int(columns[0, 0] - columns.min()), bool(rows[0, 0] == rows[0, 1])


def number(image: torch.Tensor) -> int:
    return round(image[2, 0, 0].item() * 255)


def test_item(folders: dict[str, str]) -> None:
    data = build(folders)
    item = data[0]
    assert item["hr"].shape == (3, 32, 32)
    assert item["real"].shape == (3, 8, 8)
    assert item["hr"].dtype == item["real"].dtype == torch.float32
    assert Path(item["hr_path"]).name == f"{number(item['hr']):04d}.png"
    assert Path(item["real_path"]).name == f"{number(item['real']):04d}x4m.png"
    batch = default_collate([data[0], data[1]])
    assert batch["hr"].shape == (2, 3, 32, 32)
    assert batch["real_path"] == [data[0]["real_path"], data[1]["real_path"]]


def test_a_margin_enlarges_hr_crops(folders: dict[str, str]) -> None:
    item = build(folders, margin=1)[0]
    assert item["hr"].shape == (3, 40, 40)
    assert item["real"].shape == (3, 8, 8)
    with pytest.raises(UserError, match=r"measures 48x40.*48x48.*margin 2"):
        build(folders, margin=2)[0]


def test_items_are_a_pure_function_of_seed_and_index(folders: dict[str, str]) -> None:
    first, second, other = build(folders), build(folders), build(folders, seed=1)
    later = first[10**9 + 7]
    for index in (5, 0, 77, 10**9 + 7):
        assert all(torch.equal(first[index][key], second[index][key]) for key in ("hr", "real"))
    assert torch.equal(later["hr"], second[10**9 + 7]["hr"])
    assert not all(torch.equal(first[i]["hr"], other[i]["hr"]) for i in range(4))


def test_each_pass_visits_every_hr_image_once(folders: dict[str, str]) -> None:
    data = build(folders)
    numbers = [number(data[i]["hr"]) for i in range(24)]
    passes = [numbers[i : i + 6] for i in range(0, 24, 6)]
    assert all(sorted(one) == [1, 2, 3, 4, 5, 6] for one in passes)
    assert len(set(map(tuple, passes))) > 1


def test_real_is_drawn_independently_and_evenly(folders: dict[str, str]) -> None:
    data = build(folders)
    pairs = Counter((number(data[i]["hr"]), number(data[i]["real"])) for i in range(1080))
    assert len(pairs) == 36
    chi_square = sum((count - 30) ** 2 / 30 for count in pairs.values())
    assert chi_square < 67  # 99.9 % point for 35 degrees of freedom: 66.6


def test_every_crop_and_every_orientation_occurs(folders: dict[str, str]) -> None:
    data = build(folders)
    reals = [(data[i]["real"] * 255).round() for i in range(600)]
    corners = {(int(r[0].min()), int(r[1].min())) for r in reals}
    assert corners == {(top, left) for top in range(5) for left in range(3)}
    assert len({ways_of(data[i]["real"]) for i in range(600)}) == 8


@pytest.mark.parametrize(("augment", "ways", "upright"), [("hr", 8, {True, False}), ("hr_flips", 4, {True})])
def test_only_hr_is_flipped_or_rotated(folders: dict[str, str], augment: str, ways: int, upright: set[bool]) -> None:
    data = build(folders, augment=augment)
    hr, real = zip(*((ways_of(data[i]["hr"]), ways_of(data[i]["real"])) for i in range(100)), strict=True)
    assert len(set(hr)) == ways
    assert {way[2] for way in hr} == upright
    assert set(real) == {(0, 0, True)}


def test_an_unknown_augmentation(folders: dict[str, str]) -> None:
    with pytest.raises(UserError, match=r"augment.*found 'flips'.*'hr_flips'"):
        build(folders, augment="flips")


def test_crops_are_cut_from_the_image(folders: dict[str, str]) -> None:
    for i in range(20):
        rows, columns = (build(folders, augment=False)[i]["hr"] * 255).round()[:2]
        assert torch.equal(rows, (rows[0, 0] + torch.arange(32.0))[:, None].expand(32, 32))
        assert torch.equal(columns, (columns[0, 0] + torch.arange(32.0)).expand(32, 32))
        assert columns.max() < 48


def test_ranges_are_numbers_in_the_names(folders: dict[str, str]) -> None:
    data = build(folders, hr_range=(1, 2), real_range=(5, 9))
    assert len(data) == 2
    assert {number(data[i]["hr"]) for i in range(12)} == {1, 2}
    assert {number(data[i]["real"]) for i in range(30)} == {5, 6}
    assert len(build(folders, length=1000)) == 1000


@pytest.mark.parametrize("cache", ["memory", None])
def test_caches_give_the_same_items(folders: dict[str, str], cache: str | None) -> None:
    expected, data = build(folders), build({**folders, "cache": cache})
    assert all(torch.equal(expected[i]["hr"], data[i]["hr"]) for i in range(6))


def test_too_small_images_are_named(folders: dict[str, str]) -> None:
    write_image(Path(folders["real"]) / "0009x4m.png", coordinates(9, 12, 7))
    with pytest.raises(UserError, match=r"0009x4m\.png measures 7x12.*8x8"):
        build(folders, real_range=(9, 9))[0]
    write_image(Path(folders["hr"]) / "0009.png", coordinates(9, 31, 40))
    with pytest.raises(UserError, match=r"0009\.png measures 40x31.*32x32.*LR crop 8, margin 0, scale 4"):
        build(folders, hr_range=(9, 9))[0]


def test_missing_folder(folders: dict[str, str]) -> None:
    with pytest.raises(UserError, match="does not exist"):
        build({**folders, "hr": "nowhere"})


def test_loader_with_workers_equals_direct_access(folders: dict[str, str]) -> None:
    data = build(folders)
    loader = torch.utils.data.DataLoader(data, batch_size=2, sampler=range(10, 16), num_workers=2)
    hrs = torch.cat([batch["hr"] for batch in loader])
    assert torch.equal(hrs, torch.stack([data[i]["hr"] for i in range(10, 16)]))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_orientations_are_the_eight_symmetries_of_the_square(dtype: type) -> None:
    image = np.arange(300, dtype=dtype).reshape(10, 10, 3)[2:7, 3:8]  # a crop, which is not contiguous
    results = [turned(image, way) for way in range(8)]
    assert len({result.tobytes() for result in results}) == 8
    for way, result in enumerate(results):
        expected = np.rot90(image, way % 4)
        assert (result == (np.fliplr(expected) if way >= 4 else expected)).all()
        assert result.flags.owndata
        assert result.flags.c_contiguous
        out = np.zeros_like(result)
        assert turned(image, way, out) is out
        assert (out == result).all()


def test_shuffled_at_scale_is_a_permutation() -> None:
    assert sorted(shuffled(3, i, 1000) for i in range(5000, 6000)) == list(range(1000))
