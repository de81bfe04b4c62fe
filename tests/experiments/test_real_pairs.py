"""The benchmark on real pairs: splits, rows, the share of the gap, cells that are run once, and the page."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from scenes import scene, write_scene

from cyclesr.cli.main import run_command
from cyclesr.config import check_config
from cyclesr.degradations.camera import FREQUENCIES
from cyclesr.errors import UserError
from cyclesr.experiments import cells, work_dir
from cyclesr.experiments.comparison import Folders, sr_steps
from cyclesr.experiments.pairs.cells import PairBench, PairCell
from cyclesr.experiments.pairs.data import Scene, open_pairs, scale_of_pairs, split, split_of
from cyclesr.experiments.pairs.page import page, rows_of, share_of_gap, shares
from cyclesr.experiments.pairs.rows import (
    DEFAULT_ROWS,
    PAIR_ROWS,
    PairRow,
    choose_rows,
    iterations_for_steps,
    row_config,
)
from cyclesr.experiments.pairs.runs import find_columns, finished_cells, run_cell, run_pairs
from cyclesr.images.listing import image_names
from cyclesr.images.reading import read_image
from cyclesr.registry import MODELS

TINY = {
    "model.sr": dict(_delete_=True, type="EDSR", channels=4, num_blocks=1),
    "train_dataloader.dataset.crop": 12,
    "train_dataloader.dataset.cache": None,
    "train_dataloader.batch_size": 1,
}


def write(folder: Path, name: str, side: int, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    image = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / name), image)


def make_pairs(folder: Path, side: int) -> Path:
    """Writes seven scenes with LR images of half the size; two of them have two LR images."""
    for i in range(7):
        write(folder / "hr", f"{i}.png", side, i)
        names = [f"{i}.png"] if i < 5 else [f"{i}x2w1.png", f"{i}x2w2.png"]
        for k, name in enumerate(names):
            write(folder / "lr", name, side // 2, 10 * i + k)
    return folder


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return make_pairs(tmp_path / "pairs", 48)


def scenes(count: int) -> list[Scene]:
    return [Scene(Path(f"{i}.png"), (Path(f"{i}.png"),)) for i in range(count)]


@pytest.mark.parametrize("count", [5, 6, 23, 100])
def test_a_split_is_disjoint_whole_and_reproducible(count) -> None:
    parts = split(scenes(count), seed=3)
    drawn = [*parts.hr, *parts.real, *parts.valid]
    assert len(drawn) == len(set(drawn)) == count
    assert len(parts.valid) == max(1, round(count / 5))
    assert 0 <= len(parts.hr) - len(parts.real) <= 1
    assert split(scenes(count), seed=3) == parts
    assert split(scenes(count), seed=4) != parts


def test_too_few_scenes_are_an_error() -> None:
    with pytest.raises(UserError, match=r"at least 5 scenes, found 4"):
        split(scenes(4), seed=0)


def test_all_lr_images_of_a_scene_go_where_the_scene_goes(pairs, tmp_path) -> None:
    folders = open_pairs(pairs, tmp_path / "data", seed=1, scale=2)
    parts = split_of(tmp_path / "data")
    assert sorted(name for names in parts.values() for name in names) == sorted(map(str, range(7)))
    for folder, part in ((folders.hidden_lr, "hr"), (folders.real, "real"), (folders.valid_lr, "valid")):
        found = image_names(folder)
        assert {name[0] for name in found} == set(parts[part])
        assert len(found) == sum(1 if int(name) < 5 else 2 for name in parts[part])
    assert {Path(name).stem for name in image_names(folders.hr)} == set(parts["hr"])
    np.testing.assert_array_equal(
        read_image(folders.hr / f"{parts['hr'][0]}.png"), read_image(pairs / "hr" / f"{parts['hr'][0]}.png")
    )


def test_an_interrupted_split_is_made_again_and_a_finished_one_stays(pairs, tmp_path) -> None:
    data = tmp_path / "data"
    write(data / "hr", "left_over.png", 8, 0)
    open_pairs(pairs, data, seed=0, scale=2)
    assert "left_over.png" not in image_names(data / "hr")
    write(data / "hr", "added.png", 8, 0)
    open_pairs(pairs, data, seed=0, scale=2)
    assert "added.png" in image_names(data / "hr")


def test_the_scale_is_that_of_the_first_pair(pairs) -> None:
    assert scale_of_pairs(pairs) == 2
    write(pairs / "lr", "0.png", 30, 0)
    with pytest.raises(UserError, match=r"30x30.*48x48.*no whole ratio"):
        scale_of_pairs(pairs)
    (pairs / "hr" / "0.png").unlink()
    with pytest.raises(UserError, match=r"0\.png has no HR image"):
        scale_of_pairs(pairs)


@pytest.mark.parametrize("own", ["hr_lr", "hidden", ""])
def test_a_set_that_is_split_already_is_used_as_it_is(own, tmp_path) -> None:
    root = tmp_path / "set"
    for name in ("hr", "real", "valid/lr", "valid/hr", *([own] if own else [])):
        write(root / name, "0.png", 24 if name.endswith("hr") else 12, 0)
    folders = open_pairs(root, tmp_path / "data", seed=5, scale=scale_of_pairs(root))
    names = dict(hr="hr", real="real", valid_lr="valid/lr", valid_hr="valid/hr")
    assert folders == Folders(
        **{key: root / name for key, name in names.items()}, hidden_lr=root / own if own else None, scale=2
    )
    assert not (tmp_path / "data").exists()


def test_a_folder_of_another_kind_is_an_error(tmp_path) -> None:
    write(tmp_path, "0.png", 8, 0)
    with pytest.raises(UserError, match=r"'hr' and 'lr'.*'valid/lr'"):
        scale_of_pairs(tmp_path)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    names = dict(hr="hr", real="real", valid_lr="valid/lr", valid_hr="valid/hr", hidden_lr="hr_lr")
    return Folders(**{key: tmp_path / name for key, name in names.items()}, scale=2)


@pytest.mark.parametrize("name", [name for name, row in PAIR_ROWS.items() if not row.measured])
def test_every_row_has_a_config_of_the_common_network_and_scale(name, folders) -> None:
    config = row_config(PAIR_ROWS[name], folders)
    check_config(config)  # also that there is one scale
    assert config.test_dataloader.dataset.scale == 2
    assert config.val_dataloader is None
    if name == "cyclegan":
        return
    assert (config.model.sr.type, config.model.sr.channels, config.model.sr.num_blocks) == ("EDSR", 48, 6)
    if name.startswith("camera"):  # measured on the images when training starts
        config.model.translator.mtf = [1.0] * len(FREQUENCIES)
    if name not in ("cyclesrgan", "lugmayr", "camera_perceptual"):  # need VGG's weights
        MODELS.build(config.model)


@pytest.mark.parametrize(("ending", "drawn"), [("png", (False, 0.3)), ("jpg", (True, 0.2))])
def test_the_row_of_the_recipe_is_what_a_training_without_a_config_chooses(ending, drawn, folders) -> None:
    for seed in range(2):
        write_scene(folders.real / f"{seed}.{ending}", scene(seed, 160))
    config = row_config(PAIR_ROWS["recipe"], folders)
    translator = config.model.translator
    assert translator.type == "CameraDegradation"
    assert (translator.get("compressed", False), translator.texture) == drawn
    assert (config.model.sr.type, config.scale) == ("EDSR", 2)


def test_rows_take_as_many_steps_of_the_sr_network(folders) -> None:
    lengths = {}
    for name in ("sr_syn", "sr_paired", "cyclesr", "bulat", "cyclegan"):
        config = row_config(PAIR_ROWS[name], folders)
        config.train_cfg.max_iters = lengths[name] = iterations_for_steps(config, 300)
        if any(hook["type"] == "StageHook" for hook in config.get("custom_hooks", [])):
            assert sr_steps(config) == 300
    assert lengths["sr_syn"] == lengths["sr_paired"] == lengths["cyclegan"] == 300
    assert lengths["cyclesr"] == 400  # a quarter of the iterations trains only the translator
    config = row_config(PAIR_ROWS["cyclesr"], folders)
    config.custom_hooks[0].stages = [dict(name="translation")]
    with pytest.raises(UserError, match="300 steps"):
        iterations_for_steps(config, 300)


def test_rows_are_chosen_by_name(folders) -> None:
    assert choose_rows(["unitsr", "bicubic"], PAIR_ROWS) == ["bicubic", "unitsr"]
    assert choose_rows(["all"], PAIR_ROWS) == list(PAIR_ROWS)
    assert set(DEFAULT_ROWS) <= set(PAIR_ROWS)
    with pytest.raises(UserError, match=r"'cycelsr'.*'cyclesr'"):
        choose_rows(["cycelsr"], PAIR_ROWS)
    with pytest.raises(UserError, match="needs the LR images of"):
        row_config(PAIR_ROWS["sr_paired"], replace(folders, hidden_lr=None))


def test_the_share_of_the_gap() -> None:
    assert share_of_gap(23.5, 23.0, 25.0, True) == pytest.approx(0.25)
    assert share_of_gap(0.30, 0.40, 0.20, False) == pytest.approx(0.5)
    assert share_of_gap(22.0, 23.0, 25.0, True) == pytest.approx(-0.5)
    assert share_of_gap(0.30, 0.20, 0.40, False) is None  # true pairs are worse: there is no gap to close
    assert share_of_gap(23.5, 23.0, 23.0, True) is None
    assert share_of_gap(math.inf, 23.0, 24.0, True) is None


def result(row: str, seed: int, source: str = "same", iterations: int = 5, **means: float) -> dict[str, Any]:
    return dict(
        row=row,
        source=source,
        seed=seed,
        means=means,
        images=[],
        protocol="plain",
        hardware="CPU",
        versions=dict(torch="2.0"),
        iterations=iterations,
        minutes=None,
    )


def bench(tmp_path: Path, pairs: Path, **changes: Any) -> PairBench:
    settings = dict(pairs=pairs, scale=2, work_dir=tmp_path / "work", iterations=2)
    return PairBench(**{**settings, **changes})


def test_shares_are_per_seed_and_averaged(tmp_path, pairs) -> None:
    found = {}
    for seed, psnrs in {0: (20.0, 21.0, 22.0), 1: (20.0, 23.0, 24.0)}.items():
        for name, psnr in zip(("bicubic", "sr_syn", "sr_paired"), psnrs, strict=True):
            found["same", name, seed] = result(name, seed, psnr=psnr, lpips=0.5)
    found["same", "cyclesr", 2] = result("cyclesr", 2, psnr=25.0)
    rows = rows_of(bench(tmp_path, pairs), found, "same")
    assert shares(rows, "sr_syn", "psnr", True) == pytest.approx({0: 0.5, 1: 0.75})
    assert shares(rows, "sr_syn", "lpips", False) == {}
    assert shares(rows, "cyclesr", "psnr", True) == {}
    text = page(bench(tmp_path, pairs), found)
    assert "| SR_syn | 0, 1 | 22.00 ± 1.00 | 0.5000 | 5 |  |" in text
    assert "| SR_syn | 62 ± 12 % |  |" in text
    assert "--iterations 2 --seeds 0 1 2 --rows bicubic sr_syn sr_paired cyclesr" in text


def test_other_hr_repeats_the_rows_that_do_not_learn_from_it(tmp_path, pairs) -> None:
    settings = bench(tmp_path, pairs, hr_other=pairs / "hr")
    names = ["bicubic", "sr_syn", "sr_paired"]
    assert settings.keys(names, [0]) == [
        ("same", "bicubic", 0),
        ("same", "sr_syn", 0),
        ("same", "sr_paired", 0),
        ("other", "sr_syn", 0),
    ]
    found = {key: result(key[1], 0, key[0], psnr=20.0 + k) for k, key in enumerate(settings.keys(names, [0]))}
    rows = rows_of(settings, found, "other")
    assert {name: row[0]["means"]["psnr"] for name, row in rows.items()} == dict(
        bicubic=20.0, sr_syn=23.0, sr_paired=22.0
    )
    assert rows_of(settings, {("same", "bicubic", 0): found["same", "bicubic", 0]}, "other") == {}
    assert settings.folders(0, "other").hr == pairs / "hr"
    assert settings.folders(0, "other").real == settings.folders(0).real


@pytest.fixture
def tiny(tmp_path, pairs) -> PairBench:
    """Returns a bench with the rows bicubic, and SR_syn and CycleSR with a tiny network."""
    own = {
        "syn": PairRow("syn", options=TINY, pairs="bicubic"),
        "cycle": PairRow("cycle", options=TINY | {"model.translator.generator.channels": 4}),
    }
    return bench(tmp_path, pairs, own_rows=own)


def test_a_cell_is_trained_scored_and_read_again(tiny, monkeypatch) -> None:
    tiny.check()
    columns = find_columns(tiny, 0)
    assert columns == ("psnr_colour",)  # no weights, and images that are too small for NIQE
    assert find_columns(replace(tiny, columns=()), 0) == ()
    with pytest.raises(UserError, match="no column 'colour'"):
        find_columns(replace(tiny, columns=("colour",)), 0)
    found = run_cell(PairCell(tiny, "same", "syn", 0), columns)
    assert set(found["means"]) == {"psnr", "ssim", "psnr_colour", "psnr_cyclesr", "ssim_cyclesr"}
    assert found["means"]["psnr_colour"] > found["means"]["psnr"]
    assert (found["row"], found["source"], found["seed"], found["iterations"]) == ("syn", "same", 0, 2)
    cell = PairCell(tiny, "same", "syn", 0)
    assert sorted(path.stem for path in cell.images.iterdir()) == [image["name"] for image in found["images"]]
    monkeypatch.setattr(cells, "train", None)
    assert run_cell(cell, columns) == found
    cell.result.unlink()
    assert run_cell(cell, columns)["means"] == found["means"]  # trained, not yet scored
    assert "psnr_colour" not in run_cell(PairCell(tiny, "same", "bicubic", 0), ())["means"]
    again = run_cell(PairCell(tiny, "same", "bicubic", 0), columns)  # scored again once a column can be had
    assert again["means"]["psnr_colour"] >= again["means"]["psnr"]


def test_rows_of_equal_time_are_measured_once_for_all_seeds_and_sources(tiny, pairs, monkeypatch) -> None:
    timed = []
    monkeypatch.setattr(work_dir, "iterations_for", lambda config, minutes: timed.append(config) or round(10 * minutes))
    bench = replace(tiny, iterations=None, minutes=2.0, hr_other=pairs / "hr")
    for source, seed in (("same", 0), ("same", 1), ("other", 0)):
        assert PairCell(bench, source, "syn", seed).config().train_cfg.max_iters == 20
    assert PairCell(bench, "same", "cycle", 0).config().train_cfg.max_iters == 20
    assert [config.model.type for config in timed] == ["SupervisedSR", "CollaborativeSR"]
    assert "trains for 2 minutes" in page(bench, {("same", "bicubic", 0): result("bicubic", 0, psnr=20.0)})


def test_other_settings_in_the_same_folder_are_refused(tiny, pairs) -> None:
    tiny.check()
    tiny.check()
    with pytest.raises(UserError, match=r"other settings.*'iterations': 2.*'iterations': 3"):
        replace(tiny, iterations=3).check()
    with_hr = replace(tiny, hr_other=pairs / "hr")
    with_hr.check()
    with pytest.raises(UserError, match="other settings"):
        replace(tiny, hr_other=pairs / "lr").check()
    with pytest.raises(UserError, match="'cyclesr' already"):
        replace(tiny, own_rows={"cyclesr": PairRow("mine")}).check()


def test_a_training_of_another_config_is_refused(tiny) -> None:
    cell = PairCell(tiny, "same", "syn", 0)
    cell.write(cell.config())
    other = PairRow("syn", options=TINY | {"train_dataloader.batch_size": 2}, pairs="bicubic")
    changed = replace(tiny, own_rows={"syn": other})
    with pytest.raises(UserError, match=r"another config: train_dataloader.batch_size is 1 there, 2 now"):
        run_cell(PairCell(changed, "same", "syn", 0), ())


@pytest.mark.slow
def test_the_page_shows_all_results_of_a_work_dir(tiny, tmp_path) -> None:
    tiny.check()
    path = tmp_path / "work" / "pairs.md"
    assert run_pairs(tiny, [("same", "bicubic", 0), ("same", "cycle", 0)], path) == []
    text = path.read_text()
    assert "| Bicubic | 0 |" in text
    assert "| cycle | 0 |" in text
    pictures = sorted((tmp_path / "work" / "pictures" / "same_seed0").iterdir())
    assert [picture.stem for picture in pictures] == sorted(split_of(tmp_path / "work" / "data_seed0")["valid"])
    assert read_image(pictures[0]).shape == (48 + 28, 4 * 48, 3)
    assert all(f"(pictures/same_seed0/{picture.name})" in text for picture in pictures)
    later = bench(tmp_path, tiny.pairs)  # a later command without the row's definition
    assert set(finished_cells(later)[0]) == {("same", "bicubic", 0), ("same", "cycle", 0)}
    PairCell(later, "same", "bicubic", 0).result.write_text("{}")
    _, (left_out,) = finished_cells(later)
    assert "result.json is damaged" in left_out


@pytest.mark.slow
def test_the_command_from_pairs_to_the_page(tmp_path, capsys) -> None:
    pairs = make_pairs(tmp_path / "pairs", 72)
    options = [f"{key}={value}" for key, value in TINY.items() if not key.startswith("model")]
    command = ["benchmark-pairs", "--pairs", str(pairs), "--iterations", "2"]
    command += ["--hr-other", str(pairs / "hr"), "--work-dir", str(tmp_path / "work"), "--rows", "bicubic"]
    run_command([*command, "--row", "mine=demo/unitsr_track", *options])
    assert capsys.readouterr().out.splitlines()[-1] == f"written: {tmp_path / 'work' / 'pairs.md'}"
    text = (tmp_path / "work" / "pairs.md").read_text()
    assert "## Other HR" in text
    assert text.count("| mine | 0 |") == 2
    with pytest.raises(UserError, match="NAME=CONFIG"):
        run_command([*command, "--row", "config.py"])
