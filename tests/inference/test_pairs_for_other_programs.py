"""The output of ``degrade_folder``, read by the rules of BasicSR, which traiNNer-redux and neosr share.

Written from BasicSR's documentation: docs/DatasetPreparation.md and the docstring of its PairedImageDataset.
"""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from test_degrade import model_config, save

from cyclesr.errors import UserError
from cyclesr.images.writing import write_image
from cyclesr.inference.degrade import degrade_folder

SCALE = 4


def pairs_of_folders(gt: Path, lq: Path) -> list[tuple[Path, Path]]:
    """The mode "folder": every entry is an image, both folders have equally many, and names are equal."""
    names = sorted(path.name for path in gt.iterdir())
    assert len(names) == len(list(lq.iterdir()))
    return [(gt / name, lq / name) for name in names]


def pairs_of_list(gt: Path, lq: Path, meta_info_file: Path) -> list[tuple[Path, Path]]:
    """The mode "meta_info_file": a name ends at the first space, and is that of both images."""
    names = [line.split(" ")[0] for line in meta_info_file.read_text(encoding="utf-8").splitlines()]
    return [(gt / name, lq / name) for name in names]


def check(pairs: list[tuple[Path, Path]]) -> None:
    """Both images can be read as cv2 reads them, and crops fit: GT is exactly `scale` times as large as LQ."""
    for gt, lq in pairs:
        large, small = (cv2.imread(str(path), cv2.IMREAD_COLOR) for path in (gt, lq))
        assert large.shape == (SCALE * small.shape[0], SCALE * small.shape[1], 3)


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name, size in (("a.png", (33, 48)), ("b.jpg", (50, 67)), ("deeper.name.png", (40, 40))):
        write_image(tmp_path / "hr" / name, rng.integers(60, 200, (*size, 3), dtype=np.uint8))
    return tmp_path / "hr"


def test_folders_and_list_are_read_by_the_rules_of_basicsr(photographs: Path, tmp_path: Path) -> None:
    checkpoint, gt, lq = save(tmp_path / "c.pth", model_config(residual=True)), tmp_path / "gt", tmp_path / "lq"
    listed = tmp_path / "meta_info.txt"
    degrade_folder(checkpoint, photographs, lq, device="cpu", hr_out=gt, meta_info=listed)
    pairs = pairs_of_folders(gt, lq)
    assert [path.name for path, _ in pairs] == ["a.png", "b.png", "deeper.name.png"]
    assert pairs_of_list(gt, lq, listed) == pairs
    check(pairs)
    for line, (path, _) in zip(listed.read_text(encoding="utf-8").splitlines(), pairs, strict=True):
        height, width = cv2.imread(str(path)).shape[:2]
        assert re.fullmatch(r"\S+ \(\d+,\d+,3\)", line)
        assert line == f"{path.name} ({height},{width},3)"


def test_an_image_that_fails_is_in_neither_folder(photographs: Path, tmp_path: Path) -> None:
    (photographs / "b.jpg").write_bytes(b"no image")
    checkpoint, gt, lq = save(tmp_path / "c.pth", model_config(residual=True)), tmp_path / "gt", tmp_path / "lq"
    report, _ = degrade_folder(
        checkpoint, photographs, lq, device="cpu", hr_out=gt, meta_info=tmp_path / "meta_info.txt"
    )
    assert len(report.failed) == 1
    assert pairs_of_list(gt, lq, tmp_path / "meta_info.txt") == pairs_of_folders(gt, lq)
    assert len(pairs_of_folders(gt, lq)) == 2


def test_mistakes_are_errors_before_images_are_written(photographs: Path, tmp_path: Path) -> None:
    checkpoint, lq = save(tmp_path / "c.pth", model_config(residual=True)), tmp_path / "lq"
    with pytest.raises(UserError, match="--hr-out"):
        degrade_folder(checkpoint, photographs, lq, meta_info=tmp_path / "list.txt")
    with pytest.raises(UserError, match="outside"):
        degrade_folder(checkpoint, photographs, lq, hr_out=tmp_path / "gt", meta_info=tmp_path / "gt" / "list.txt")
    (photographs / "a.png").rename(photographs / "a b.png")
    with pytest.raises(UserError, match=r"'a b.png' .*space"):
        degrade_folder(checkpoint, photographs, lq, hr_out=tmp_path / "gt", meta_info=tmp_path / "list.txt")
    assert not lq.exists()
