"""Verdicts of the rows of the benchmark on real pairs, and their agreement with the truth."""

import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from scipy.stats import spearmanr

from cyclesr.experiments import cells
from cyclesr.experiments.pairs.cells import Key, PairBench, PairCell
from cyclesr.experiments.pairs.rows import PairRow
from cyclesr.experiments.pairs.runs import run_cell
from cyclesr.experiments.pairs.verdict_section import agreement_with_truth, verdict_section
from cyclesr.inference.verdict import Verdict

TINY = {
    "model.sr": dict(_delete_=True, type="EDSR", channels=4, num_blocks=1),
    "train_dataloader.dataset.crop": 12,
    "train_dataloader.dataset.cache": None,
    "train_dataloader.batch_size": 1,
}


def verdict(sharpness: float, noise: float, colour: float = math.nan) -> Verdict:
    image = dict(
        sharpness=(sharpness, 10.0),
        inconsistency=(4.0, 5.0),
        flat_deviation=(noise, 2.0),
        overshoot=(math.nan, math.nan),
        colour_shift=(colour, 0.0),
        block_steps=(math.nan, math.nan),
        niqe=(6.0, 7.0),
    )
    return Verdict({"a.png": image}, with_kernel=True)


def test_agreement_is_the_rank_correlation_with_the_share_of_the_gap() -> None:
    random = np.random.default_rng(0)
    sharp, noise, psnr = random.uniform(8, 14, 6), random.uniform(1, 3, 6), random.uniform(20, 24, 6)
    names = ["bicubic", "sr_paired", "a", "b", "c", "d"]
    psnr[0], psnr[1] = 19.0, 25.0
    verdicts = {("same", name, 0): verdict(*pair) for name, *pair in zip(names, sharp, noise, strict=True)}
    results: dict[Key, Any] = {key: dict(means=dict(psnr=value)) for key, value in zip(verdicts, psnr, strict=True)}
    found = agreement_with_truth(results, verdicts)
    assert found["sharpness"]["psnr"] == pytest.approx(spearmanr(sharp, psnr).statistic)
    assert found["flat_deviation"]["psnr"] == pytest.approx(-spearmanr(noise, psnr).statistic)
    assert found["score"]["psnr"] == pytest.approx(spearmanr([v.score for v in verdicts.values()], psnr).statistic)
    assert "overshoot" not in found  # not measured
    assert "inconsistency" not in found  # equal everywhere
    assert "ssim" not in found["score"]
    del results["same", "sr_paired", 0], verdicts["same", "sr_paired", 0]
    assert agreement_with_truth(results, verdicts) == {}  # no gap


def test_the_score_falls_with_every_fault() -> None:
    good = verdict(12.0, 2.0, 0.5).score
    assert good > 0
    assert verdict(11.0, 2.0, 0.5).score < good
    assert verdict(12.0, 3.0, 0.5).score < good
    assert verdict(12.0, 2.0, 4.0).score < good
    assert verdict(40.0, 2.0, 0.5).score == pytest.approx(good + 1 - 10 * math.log10(1.2), abs=2e-4)  # over-sharpened


@pytest.fixture
def bench(tmp_path: Path) -> PairBench:
    pairs = tmp_path / "pairs"
    for i in range(5):
        image = np.random.default_rng(i).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        for name, side in (("hr", 128), ("lr", 64)):
            (pairs / name).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(pairs / name / f"{i}.png"), cv2.resize(image, (side, side)))
    own = {"syn": PairRow("syn", options=TINY, pairs="bicubic")}
    return PairBench(pairs, 2, tmp_path / "work", iterations=2, own_rows=own)


def test_old_results_get_their_verdict_without_training(bench, monkeypatch) -> None:
    cell = PairCell(bench, "same", "syn", 0)
    found = run_cell(cell, ())
    cell.result.write_text(json.dumps({key: value for key, value in found.items() if key != "verdict"}))
    monkeypatch.setattr(cells, "train", None)
    assert run_cell(cell, ())["verdict"] == found["verdict"]
    assert list(found["verdict"]["images"]) == [f"{image['name']}.png" for image in found["images"]]
    bicubic = run_cell(PairCell(bench, "same", "bicubic", 0), ())
    assert not bicubic["verdict"]["better"]
    assert bicubic["verdict"]["score"] == pytest.approx(0, abs=0.01)
    text = verdict_section(bench, {("same", "syn", 0): found, ("same", "bicubic", 0): bicubic})
    assert f"| syn | {int(found['verdict']['better'])} of 1 | {found['verdict']['score']:.2f} |" in text
    assert "| Bicubic | 0 of 1 | 0.00 |" in text
    assert verdict_section(bench, {}) == ""
