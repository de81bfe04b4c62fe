"""The cache: each image is decoded once, entries are never stale or incomplete, and processes share them."""

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
import torch

import cyclesr.datasets.cache as subject
from cyclesr.datasets.cache import DiskCache, MemoryCache, NoCache, build_cache
from cyclesr.errors import UserError
from cyclesr.images.reading import read_image
from cyclesr.images.writing import write_image


def make_image(path: Path, seed: int = 0, dtype: type = np.uint8) -> np.ndarray:
    image = np.random.default_rng(seed).integers(0, 256, (20, 30, 3)).astype(dtype)
    write_image(path, image)
    return image


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records the names of the decoded images in order."""
    names: list[str] = []

    def read(path: Path, *arguments, **options) -> np.ndarray:
        names.append(Path(path).name)
        return read_image(path, *arguments, **options)

    monkeypatch.setattr(subject, "read_image", read)
    return names


def test_disk_decodes_once_and_maps(tmp_path: Path, decoded: list[str]) -> None:
    image = make_image(tmp_path / "a.png")
    first = DiskCache(tmp_path / "cache").open(tmp_path / "a.png")
    again = DiskCache(tmp_path / "cache").open(tmp_path / "a.png")
    assert isinstance(again, np.memmap)
    assert (first == image).all()
    assert (again[3:7, 2:9] == image[3:7, 2:9]).all()
    assert decoded == ["a.png"]


def test_disk_rebuilds_what_changed_and_removes_the_old(tmp_path: Path, decoded: list[str]) -> None:
    cache, path = DiskCache(tmp_path / "cache"), tmp_path / "a.png"
    make_image(path)
    cache.open(path)
    changed = make_image(path, seed=1)
    os.utime(path, ns=(5, 5))
    assert (cache.open(path) == changed).all()
    os.utime(path, ns=(6, 6))
    assert (cache.open(path) == changed).all()
    assert len(decoded) == 3
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 1


@pytest.mark.parametrize("kept", [0, 50, 200])
def test_disk_rebuilds_a_damaged_entry(tmp_path: Path, kept: int) -> None:
    image = make_image(tmp_path / "a.png")
    cache = DiskCache(tmp_path / "cache")
    cache.open(tmp_path / "a.png")
    (entry,) = (tmp_path / "cache").rglob("*.npy")
    entry.write_bytes(entry.read_bytes()[:kept])
    assert (cache.open(tmp_path / "a.png") == image).all()


def test_disk_never_shows_an_incomplete_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_image(tmp_path / "a.png")

    def full(file, array) -> None:
        file.write(b"\x93NUMPY")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(UserError, match="cannot be written: No space left on device"):
        DiskCache(tmp_path / "cache").open(tmp_path / "a.png")
    assert [p for p in (tmp_path / "cache").rglob("*") if p.is_file()] == []


def test_disk_entries_have_the_permissions_of_the_umask(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8))
    before = os.umask(0o027)
    try:
        DiskCache(tmp_path / "cache").open(tmp_path / "a.png")
    finally:
        os.umask(before)
    (entry,) = (tmp_path / "cache").rglob("*.npy")
    assert entry.stat().st_mode & 0o777 == 0o640


def test_same_name_in_two_folders_are_two_entries(tmp_path: Path) -> None:
    images = [make_image(tmp_path / folder / "a.png", seed) for seed, folder in enumerate(["x", "y"])]
    cache = DiskCache(tmp_path / "cache")
    for _ in range(2):
        for image, folder in zip(images, ["x", "y"], strict=True):
            assert (cache.open(tmp_path / folder / "a.png") == image).all()


def test_unreadable_images_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_text("x")
    for path, message in ((tmp_path / "bad.png", r"bad\.png.*corrupt"), (tmp_path / "gone.png", r"gone\.png cannot")):
        with pytest.raises(UserError, match=message):
            DiskCache(tmp_path / "cache").open(path)


def _open_all(cache: subject.ImageCache, paths: list[str], queue: multiprocessing.Queue) -> None:
    queue.put([int(cache.open(path).sum()) for path in paths])


@pytest.mark.parametrize(("where", "start"), [("disk", "fork"), ("memory", "fork"), ("memory", "spawn")])
def test_workers_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, start: str) -> None:
    monkeypatch.setenv("CYCLESR_CACHE", str(tmp_path / "cache"))
    paths = [tmp_path / f"{i}.png" for i in range(6)]
    sums = [int(make_image(path, seed).sum()) for seed, path in enumerate(paths)]
    cache = build_cache(where, paths)
    context = multiprocessing.get_context(start)
    queue = context.Queue()
    workers = [context.Process(target=_open_all, args=(cache, list(map(str, paths)), queue)) for _ in range(2)]
    for worker in workers:
        worker.start()
    assert [queue.get(timeout=60) for _ in workers] == [sums, sums]
    for worker in workers:
        worker.join()
    files = [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
    assert len(files) == (6 if where == "disk" else 0)


def test_memory_decodes_once_in_blocks(tmp_path: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_BLOCK_BYTES", 4000)
    kinds = [np.uint8, np.uint16, np.uint8, np.uint8]
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    images = [make_image(path, seed, kind) for seed, (path, kind) in enumerate(zip(paths, kinds, strict=True))]
    cache = MemoryCache(paths)
    for path, image in zip(paths, images, strict=True):
        back = cache.open(path)
        assert back.dtype == image.dtype
        assert (back == image).all()
    assert len(decoded) == 4
    assert len(cache._blocks) == 3


def test_build_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = make_image(tmp_path / "a.png")
    assert isinstance(build_cache(None, []), NoCache)
    assert (build_cache(None, []).open(tmp_path / "a.png") == image).all()
    monkeypatch.setenv("CYCLESR_CACHE", str(tmp_path / "env"))
    assert build_cache("disk", []).folder == tmp_path / "env"
    monkeypatch.delenv("CYCLESR_CACHE")
    assert build_cache("disk", []).folder == Path.home() / ".cache" / "cyclesr"
    assert build_cache(str(tmp_path / "mine"), []).folder == tmp_path / "mine"


def test_a_shared_memory_that_is_full_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("unable to allocate shared memory(shm) for file </torch_1>: No space left on device (28)")

    write_image(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8))
    monkeypatch.setattr(torch.Tensor, "share_memory_", full)
    with pytest.raises(UserError, match=r"/dev/shm.*full.*cache='disk'.*--shm-size"):
        MemoryCache([tmp_path / "a.png"])
