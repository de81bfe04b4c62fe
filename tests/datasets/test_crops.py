"""Batches in the dtype of the files, and their conversion to floats."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, default_collate

from cyclesr.datasets.crops import CropDataset, channels_first, collate_crops
from cyclesr.datasets.paired import PairedDataset
from cyclesr.datasets.unpaired import UnpairedDataset
from cyclesr.errors import UserError
from cyclesr.images.writing import write_image


def write_pair(folder: Path, n: int, dtype: type = np.uint8) -> None:
    rng = np.random.default_rng(n)
    for kind, side in (("hr", 32), ("lr", 8)):
        shape = (side, side * 5 // 4, 3)
        write_image(folder / kind / f"{n}.png", rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype))


def build(kind: str, folder: Path) -> CropDataset:
    if kind == "unpaired":
        return UnpairedDataset(folder / "hr", folder / "lr", crop=6, scale=4, cache=folder / "cache")
    return PairedDataset(folder / "lr", folder / "hr", 4, crop=6, augment=True, cache=folder / "cache")


@pytest.mark.parametrize("kind", ["unpaired", "paired"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_batches_as_stored_become_the_same_floats(tmp_path: Path, kind: str, dtype: type) -> None:
    for n in (1, 2):
        write_pair(tmp_path, n, dtype)
    data = build(kind, tmp_path)
    expected = default_collate([data[i] for i in range(3, 9)])
    assert collate_crops(data.__getitems__([3]))["hr"].dtype == torch.float32
    data.as_stored = True
    batch = collate_crops(data.__getitems__(list(range(3, 9))))
    images = [name for name in batch if not name.endswith("_path")]
    assert {batch[name].dtype for name in images} == {torch.from_numpy(np.zeros(1, dtype)).dtype}
    for name in images:
        assert torch.equal(channels_first(batch[name]), expected[name])
        assert channels_first(batch[name]).is_contiguous(memory_format=torch.channels_last)
    assert [batch[f"{name}_path"] for name in images] == [expected[f"{name}_path"] for name in images]
    assert torch.equal(data[3]["hr"], expected["hr"][0])  # single items are floats in any case


def test_a_batch_of_both_depths_holds_floats(tmp_path: Path) -> None:
    write_pair(tmp_path, 1, np.uint8)
    write_pair(tmp_path, 2, np.uint16)
    data = build("paired", tmp_path)
    expected = default_collate([data[0], data[1]])
    data.as_stored = True
    batch = collate_crops(data.__getitems__([0, 1]))
    assert torch.equal(channels_first(batch["hr"]), expected["hr"])


def test_batches_of_workers_are_the_same_and_in_shared_memory(tmp_path: Path) -> None:
    for n in (1, 2):
        write_pair(tmp_path, n)
    data = build("unpaired", tmp_path)
    data.as_stored = True
    expected = collate_crops(data.__getitems__([0, 1]))
    (batch,) = DataLoader(data, batch_size=2, num_workers=1, collate_fn=collate_crops)
    for name in ("hr", "real"):
        assert torch.equal(batch[name], expected[name])
        assert batch[name].is_shared()
        assert not expected[name].is_shared()


def test_images_of_several_sizes_are_an_error(tmp_path: Path) -> None:
    write_image(tmp_path / "1.png", np.zeros((8, 10, 3), np.uint8))
    write_image(tmp_path / "2.png", np.zeros((8, 9, 3), np.uint8))
    data = PairedDataset(tmp_path, None, 4, cache=None)
    data.as_stored = True
    with pytest.raises(UserError, match=r"same size, found 8x9, 8x10.*crop"):
        collate_crops(data.__getitems__([0, 1]))


def test_other_items_are_collated_as_torch_does() -> None:
    assert collate_crops([1, 2]).tolist() == [1, 2]


def test_the_cache_is_not_written_to_through_a_batch(tmp_path: Path) -> None:
    write_pair(tmp_path, 1)
    data = PairedDataset(tmp_path / "lr", tmp_path / "hr", 4, cache=tmp_path / "cache")
    data.as_stored = True
    before = data[0]["hr"]
    collate_crops(data.__getitems__([0]))["hr"].zero_()
    assert torch.equal(data[0]["hr"], before)


def test_floats_are_not_changed() -> None:
    images = torch.rand(2, 3, 4, 5)
    assert channels_first(images) is images
    assert channels_first(torch.full((1, 2, 2, 3), 255, dtype=torch.uint8)).tolist() == [[[[1.0] * 2] * 2] * 3]
