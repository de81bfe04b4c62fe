"""The paper's figures are copied by hand, so whatever can be verified about them is."""

import pytest

from cyclesr.errors import UserError
from cyclesr.experiments.published import TABLE_1, TABLE_3, TABLE_4, TABLES, published

TRACKS = ("unknown", "mild", "wild")


def test_every_cell_exists_and_is_plausible() -> None:
    assert [len(rows) for rows in TABLES.values()] == [8, 5, 2]
    for rows in TABLES.values():
        for cells in rows.values():
            for cell in cells.values():
                assert 17 < cell.psnr < 30
                assert 0.4 < cell.ssim < 0.9
                assert 0.3 < cell.lpips < 0.6
    assert all(set(cells) == set(TRACKS) for cells in TABLE_1.values())


def test_a_method_has_the_same_figures_in_every_table() -> None:
    assert TABLE_3["feedback_1e3"]["unknown"] == TABLE_1["cyclesr"]["unknown"] == TABLE_4["cyclesr"]["unknown"]


@pytest.mark.parametrize("track", TRACKS)
def test_the_tables_agree_with_the_text_of_the_paper(track: str) -> None:
    psnr = {row: cells[track].psnr for row, cells in TABLE_1.items()}
    assert psnr["sr_syn"] < psnr["bicubic"]  # "even worse than the simple bicubic upsampling on all three datasets"
    unsupervised = ("cyclegan", "bulat", "bulat_collaborative", "cyclesr")
    assert min(unsupervised, key=psnr.get) == "cyclegan"  # "gives the worst reconstruction performance"
    assert max(unsupervised, key=psnr.get) == "cyclesr"
    assert (psnr["sr_paired"] > psnr["cyclesr"]) == (track == "unknown")
    ours, gan = TABLE_4["cyclesr"][track], TABLE_4["cyclesrgan"][track]
    assert gan.psnr < ours.psnr
    assert gan.ssim < ours.ssim
    assert gan.lpips < ours.lpips


def test_cells_that_the_paper_does_not_have() -> None:
    assert published(1, "cyclesr", "mild") == (24.779, 0.631, 0.500)
    assert published(3, "cyclesr", "unknown") is None
    assert published(3, "separate", "mild") is None
    with pytest.raises(UserError, match=r"1, 3, 4.*found 2"):
        published(2, "cyclesr", "mild")
