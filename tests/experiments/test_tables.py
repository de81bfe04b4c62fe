"""The rows of the tables: their configs at demo scale, cells that are run only once, and the page."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from cyclesr import atomic_write
from cyclesr.datasets.tracks import split_and_simulate
from cyclesr.engine.hooks.stage import StageHook
from cyclesr.errors import UserError
from cyclesr.experiments import cells, table_runs, work_dir
from cyclesr.experiments.comparison import Track, sr_steps
from cyclesr.experiments.published import TABLES
from cyclesr.experiments.table_cells import Bench, Cell, iterations
from cyclesr.experiments.table_page import page
from cyclesr.experiments.table_runs import check_weights, finished_cells, run_cell, run_table
from cyclesr.experiments.tables import (
    PAIRINGS,
    ROWS,
    align_track,
    demo_config,
    full_config,
    keys_of,
    rows_of,
    tracks_of,
    with_pairs,
)
from cyclesr.experiments.work_dir import write_json
from cyclesr.models.stages import Stage

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for i in range(5):
        image = cv2.resize(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8), (160, 160))
        cv2.imwrite(str(tmp_path / "photos" / f"{i}.png"), image)
    return tmp_path / "photos"


@pytest.fixture
def track(photos: Path, tmp_path: Path) -> Track:
    return Track(**split_and_simulate(photos, "mild", tmp_path / "track"))


def demo(name: str, track: Track, length: int = 1000) -> Any:
    config = demo_config(name, track, "mild", CONFIGS)
    config.train_cfg.max_iters = length
    return with_pairs(config, name, track, "mild")


def test_every_row_of_the_paper_has_a_config_at_both_scales(track: Track) -> None:
    for table, rows in TABLES.items():
        for name, figures in rows.items():
            assert demo_config(name, track, "mild", CONFIGS).test_evaluator.protocol == "cyclesr"
            for kind in figures:
                config = full_config(name, kind, CONFIGS)
                folder = {"unknown": "LR_unknown/X4", "mild": "LR_mild", "wild": "LR_wild"}[kind]
                assert config.test_dataloader.dataset.lr.endswith(folder), (table, name)


def test_rows_are_in_the_order_of_the_paper() -> None:
    assert rows_of(3) == ["separate", "feedback_0", "feedback_1e2", "feedback_1e3", "feedback_1e4"]
    assert rows_of(1, ["unitsr", "bicubic"]) == ["bicubic", "unitsr"]
    with pytest.raises(UserError, match=r"Table 4 .*'cyclesgan'.*'cyclesrgan'"):
        rows_of(4, ["cyclesgan"])
    with pytest.raises(UserError, match=r"pairings, 1, 3, 4.*found 2"):
        rows_of(2)


def test_tracks_are_those_of_the_papers_figures() -> None:
    assert tracks_of(3) == ["unknown"]
    assert tracks_of("pairings") == tracks_of(1) == tracks_of(4) == ["unknown", "mild", "wild"]
    assert tracks_of(1, ["wild", "unknown"]) == ["unknown", "wild"]
    with pytest.raises(UserError, match=r"Table 3 .*unknown, found mild: remove --tracks"):
        tracks_of(3, ["unknown", "mild"])


def test_a_page_shows_only_the_tracks_of_its_table(tmp_path, tiny_config, photos) -> None:
    settings = bench(tmp_path, tiny_config, photos)
    for kind in ("mild", "unknown"):
        cell = Cell(settings, "cyclesr", kind, 0)
        cell.write(cell.config())
        write_json(cell.result, result(0, 20.0))
    assert finished_cells(settings, 3) == ({("unknown", "feedback_1e3", 0): result(0, 20.0)}, [])
    assert list(finished_cells(settings, 1)[0]) == [("unknown", "cyclesr", 0), ("mild", "cyclesr", 0)]


def test_a_pairing_is_the_translator_and_the_sr_network_that_its_title_says(track: Track) -> None:
    assert rows_of("pairings") == list(PAIRINGS)
    pairs = PAIRINGS[1:]
    for name in pairs:
        translator, sr = ROWS[name].title.split(" + ")
        model = demo_config(ROWS[name].same_as or name, track, "mild", CONFIGS).model
        assert (model.translator.type, model.sr.type) == (translator, sr), name
    assert sum(name.endswith("_edsr") for name in pairs) >= 5
    assert sum(name.startswith("cyclegan_") for name in pairs) >= 5
    assert {"cyclegan_vdsr", "unit_srresnet"} <= set(pairs)  # the paper's
    with pytest.raises(UserError, match=r"'dsgan_edsr' .*--scale demo"):
        full_config("dsgan_edsr", "mild", CONFIGS)


def test_feedback_rows_differ_only_in_the_weights(track: Track) -> None:
    weights = {}
    for name in ("feedback_0", "feedback_1e2", "feedback_1e4"):
        config, ours = demo(name, track).to_dict(), demo("cyclesr", track).to_dict()
        model = config.pop("model")
        expected = ours.pop("model")
        assert config == ours
        weights[name] = (model.pop("feedback_weight"), model.pop("sr_loss")["weight"], model.pop("optimisation"))
        for key in ("feedback_weight", "sr_loss", "optimisation"):
            del expected[key]
        assert model == expected
    assert weights == dict(
        feedback_0=(0.0, 1.0, "alternating"), feedback_1e2=(100.0, 100.0, "joint"), feedback_1e4=(1e4, 1e4, "joint")
    )


def test_separate_training_takes_as_many_steps_of_each_part(track: Track) -> None:
    together, apart = demo("cyclesr", track, 1000), demo("separate", track, 1600)
    assert sr_steps(apart) == pytest.approx(sr_steps(together), abs=5)
    moving = []
    for config in (together, apart):
        hook, total = StageHook(config.custom_hooks[0].stages), config.train_cfg.max_iters
        moving.append(sum(hook.stage_at(i, total).trains_translator for i in range(total)))
    assert moving[1] == pytest.approx(moving[0], abs=5)
    assert StageHook(apart.custom_hooks[0].stages).stage_at(1599, 1600) is Stage.SR_ON_FAKE
    schedule, ours = apart.param_scheduler.sr[0], together.param_scheduler.sr[0]
    assert 1600 * (1 - schedule.decay_from) == pytest.approx(1000 * (1 - ours.decay_from), abs=5)


def test_rows_of_pairs_take_the_sr_steps_of_cyclesr_and_shifted_pairs_are_aligned(track: Track) -> None:
    steps = sr_steps(demo("cyclesr", track))
    for name in ("sr_syn", "sr_paired"):
        config = demo(name, track)
        align_track(name, track, "mild")
        assert config.model.type == "SupervisedSR"
        assert config.train_cfg.max_iters == steps
    data = config.train_dataloader.dataset
    assert (Path(data.lr).parent.name, Path(data.hr).parent.name) == ("aligned", "aligned")
    assert len(list(Path(data.lr).iterdir())) == len(list(Path(data.hr).iterdir())) > 0


def test_pairs_are_aligned_once_and_only_for_rows_that_train_on_shifted_pairs(track: Track, monkeypatch) -> None:
    aligned = track.hidden_lr.parent / "aligned"
    align_track("sr_syn", track, "mild")
    align_track("sr_paired", track, "unknown")
    assert not aligned.exists()
    align_track("sr_paired", track, "mild")
    monkeypatch.setattr("cyclesr.experiments.tables.align_folders", None)
    align_track("sr_paired", track, "mild")
    assert (aligned / "alignment.json").is_file()


def bench(tmp_path: Path, tiny_config: Path, photos: Path, **changes: Any) -> Bench:
    """Returns settings of demo scale with a tiny config for the rows of CycleSR."""
    (tmp_path / "configs" / "demo").mkdir(parents=True, exist_ok=True)
    text = tiny_config.read_text().replace("hr_range=(1, 2), real_range=(3, 4), ", "")
    (tmp_path / "configs" / "demo" / "cyclesr_track.py").write_text(text)
    settings = dict(scale="demo", work_dir=tmp_path / "runs", configs=tmp_path / "configs", hr=photos, iterations=8)
    return Bench(**{**settings, **changes})


def test_a_cell_is_trained_scored_and_read_again(tmp_path, tiny_config, photos, monkeypatch) -> None:
    settings = bench(tmp_path, tiny_config, photos)
    settings.check()
    result = run_cell(settings, "cyclesr", "unknown", 1)
    assert (result["row"], result["track"], result["seed"], result["iterations"]) == ("cyclesr", "unknown", 1, 8)
    assert result["protocol"] == "plain"
    assert len(result["images"]) == 1
    assert np.isfinite([result["means"]["psnr"], result["means"]["ssim"], result["degradation_psnr"]]).all()
    monkeypatch.setattr(cells, "train", None)
    assert run_cell(settings, "feedback_1e3", "unknown", 1) == result  # the same row under the name of Table 3
    (tmp_path / "runs" / "unknown_seed1" / "cyclesr" / "result.json").unlink()
    again = run_cell(settings, "cyclesr", "unknown", 1)  # trained but not scored
    assert again["means"] == result["means"]
    assert again["minutes"] == result["minutes"] > 0
    bicubic = run_cell(settings, "bicubic", "unknown", 1)
    assert (bicubic["iterations"], bicubic["minutes"]) == (0, None)
    assert "degradation_psnr" not in bicubic


@pytest.mark.parametrize(("length", "interval"), [(8, 1), (411, 41), (9000, 500)])
def test_a_row_keeps_a_checkpoint_for_each_tenth_of_its_length(length, interval, tmp_path, photos) -> None:
    settings = Bench("demo", tmp_path / "runs", CONFIGS, photos, iterations=length)
    for name in ("cyclesr", "cyclegan"):
        hook = Cell(settings, name, "unknown", 0).config().default_hooks.checkpoint
        assert (hook.interval, hook.max_keep_ckpts) == (interval, 3), name


def test_a_training_with_another_checkpoint_interval_can_be_resumed(tmp_path, tiny_config, photos) -> None:
    cell = Cell(bench(tmp_path, tiny_config, photos), "cyclesr", "unknown", 0)
    config = cell.config()
    config.default_hooks.checkpoint.interval = 500
    cell.write(config)
    cell.check(cell.config())


def test_other_settings_in_the_same_folder_are_refused(tmp_path, tiny_config, photos) -> None:
    bench(tmp_path, tiny_config, photos).check()
    bench(tmp_path, tiny_config, photos).check()
    with pytest.raises(UserError, match=r"'iterations': 8.*'iterations': 9.*--work-dir"):
        bench(tmp_path, tiny_config, photos, iterations=9).check()


def test_other_photographs_of_the_same_number_are_refused(tmp_path, tiny_config, photos) -> None:
    settings = bench(tmp_path, tiny_config, photos)
    settings.check()
    cv2.imwrite(str(photos / "0.png"), np.zeros((160, 160, 3), np.uint8))
    with pytest.raises(UserError, match=r"'photographs': '5, SHA-256 .*'5, SHA-256 "):
        settings.check()


def test_a_training_of_another_config_is_refused_begun_or_finished(tmp_path, tiny_config, photos) -> None:
    settings = bench(tmp_path, tiny_config, photos)
    bicubic = run_cell(settings, "bicubic", "unknown", 0)
    cell = Cell(settings, "cyclesr", "unknown", 0)
    cell.write(cell.config())
    cell.check(cell.config())
    path = tmp_path / "configs" / "demo" / "cyclesr_track.py"
    path.write_text(path.read_text().replace("feedback_weight=100.0", "feedback_weight=50.0"))
    message = "model.feedback_weight is 100.0 there, 50.0 now"
    with pytest.raises(UserError, match=message):
        run_cell(settings, "cyclesr", "unknown", 0)
    write_json(cell.result, {})
    with pytest.raises(UserError, match=message):
        run_cell(settings, "cyclesr", "unknown", 0)
    cells, (left_out,) = finished_cells(settings, 1)
    assert cells == {("unknown", "bicubic", 0): bicubic}  # bicubic does not depend on the model
    assert message in left_out


@pytest.mark.parametrize("left", ['{"means": {"psnr": 2', "{}"])
def test_a_damaged_result_is_an_error_and_not_on_the_page(left, tmp_path, tiny_config, photos) -> None:
    settings = bench(tmp_path, tiny_config, photos)
    found = run_cell(settings, "bicubic", "unknown", 0)
    path = Cell(settings, "bicubic", "unknown", 0).result
    path.write_text(left)
    with pytest.raises(UserError, match=r"bicubic/result\.json is damaged .*Delete it"):
        run_cell(settings, "bicubic", "unknown", 0)
    cells, (left_out,) = finished_cells(settings, 1)
    assert cells == {}
    assert "result.json is damaged" in left_out
    path.unlink()
    assert run_cell(settings, "bicubic", "unknown", 0)["means"] == found["means"]


def test_damaged_settings_are_an_error(tmp_path, tiny_config, photos) -> None:
    settings = bench(tmp_path, tiny_config, photos)
    settings.check()
    (settings.work_dir / "settings.json").write_text('{"scale": ')
    with pytest.raises(UserError, match=r"settings\.json is damaged .*Delete it"):
        settings.check()


@pytest.mark.parametrize(("left", "what"), [("model = dict(", "SyntaxError"), ("", "no model")])
def test_a_damaged_config_of_a_row_is_an_error(left, what, tmp_path, tiny_config, photos) -> None:
    cell = Cell(bench(tmp_path, tiny_config, photos), "cyclesr", "unknown", 0)
    cell.write(cell.config())
    cell.config_file.write_text(left)
    message = rf"/cyclesr/config\.py .*{what}.* Remove the folder \S+/cyclesr"
    with pytest.raises(UserError, match=message):
        cell.check(cell.config())


def test_the_config_of_a_row_is_written_atomically(tmp_path, tiny_config, photos, monkeypatch) -> None:
    cell = Cell(bench(tmp_path, tiny_config, photos), "cyclesr", "unknown", 0)
    config = cell.config()
    cell.write(config)
    before = cell.config_file.read_text()
    config.model.feedback_weight = 3.0
    monkeypatch.setattr(atomic_write, "_flush", None)  # fails once the text is written, as a full disk does
    with pytest.raises(TypeError):
        cell.write(config)
    assert cell.config_file.read_text() == before
    assert [path.name for path in cell.folder.iterdir()] == ["config.py"]


def test_a_work_dir_may_move_with_its_photographs(tmp_path, tiny_config, photos) -> None:
    settings = bench(tmp_path, tiny_config, photos)
    settings.check()
    found = run_cell(settings, "bicubic", "unknown", 0)
    settings.work_dir.rename(tmp_path / "moved")
    photos.rename(tmp_path / "other")
    moved = bench(tmp_path, tiny_config, tmp_path / "other", work_dir=tmp_path / "moved")
    moved.check()
    assert run_cell(moved, "bicubic", "unknown", 0) == found


def test_a_result_gets_its_lpips_once_the_weights_are_found(tmp_path, tiny_config, photos, monkeypatch) -> None:
    settings = bench(tmp_path, tiny_config, photos)
    before = run_cell(settings, "bicubic", "unknown", 0)
    before["means"].pop("lpips", None)
    write_json(Cell(settings, "bicubic", "unknown", 0).result, before)
    asked = []
    scored = type("Scored", (), dict(method="x"))()
    monkeypatch.setattr(table_runs, "find_lpips_weights", lambda net, weights: Path("alexnet.pth"))
    monkeypatch.setattr(table_runs, "evaluate_config", lambda *arguments: asked.append(arguments) or scored)
    monkeypatch.setattr(table_runs, "as_dict", lambda results: dict(means=before["means"] | dict(lpips=0.25)))
    after = run_cell(settings, "bicubic", "unknown", 0)
    assert after["means"]["lpips"] == 0.25
    assert {key: after[key] for key in before if key != "means"} == {k: v for k, v in before.items() if k != "means"}
    assert [(Path(method).name, options.lpips) for _, method, options in asked] == [("bicubic", "alex")]
    assert run_cell(settings, "bicubic", "unknown", 0) == after
    assert len(asked) == 1


def test_missing_weights_are_an_error_before_anything_is_trained(tmp_path, tiny_config, photos) -> None:
    settings = bench(tmp_path, tiny_config, photos, configs=CONFIGS, perceptual_weights="nowhere")
    check_weights(settings, keys_of(1, [0], ["bicubic", "cyclesr"]))  # without perceptual loss
    with pytest.raises(UserError, match=r"vgg16-\*\.pth at nowhere"):
        check_weights(settings, keys_of(4, [0]))
    for kind in ("unknown", "mild", "wild"):
        write_json(Cell(settings, "cyclesrgan", kind, 0).result, result(0, 20.0))
    check_weights(settings, keys_of(4, [0]))  # finished, so not trained again
    with pytest.raises(UserError, match=r"alexnet-\*\.pth at nowhere"):
        check_weights(replace(settings, lpips_weights="nowhere"), [])


def test_a_page_shows_the_results_of_commands_that_ran_meanwhile(tmp_path, tiny_config, photos, monkeypatch) -> None:
    settings = bench(tmp_path, tiny_config, photos)
    other, path, run = Cell(settings, "cyclesr", "mild", 0), tmp_path / "page.md", table_runs._run

    def meanwhile(cell: Cell, config: Any) -> dict[str, Any]:
        other.write(other.config())
        write_json(other.result, result(0, 31.25))
        return run(cell, config)

    monkeypatch.setattr(table_runs, "_run", meanwhile)
    assert run_table(settings, 1, [("unknown", "bicubic", 0)], path) == []
    text = path.read_text()
    assert "| CycleSR | 0 | 31.25 |" in text
    assert text.index("## unknown") < text.index("| Bicubic |") < text.index("## mild") < text.index("| CycleSR |")


def test_the_time_of_a_row_is_converted_to_iterations_once(tmp_path, tiny_config, photos, track, monkeypatch) -> None:
    settings = bench(tmp_path, tiny_config, photos, iterations=None, minutes=2.0)
    monkeypatch.setattr(work_dir, "iterations_for", lambda config, minutes: round(100 * minutes))
    assert iterations(settings, "cyclesr", track, "mild") == 200
    monkeypatch.setattr(work_dir, "iterations_for", None)
    assert iterations(settings, "separate", track, "wild") == 320
    assert iterations(settings, "sr_syn", track, "mild") == 200
    assert json.loads((settings.work_dir / "iterations.json").read_text()) == {"cyclesr": 200}


def test_cyclesrgan_is_timed_with_the_perceptual_weights_it_trains_with(
    tmp_path, tiny_config, photos, track, monkeypatch
) -> None:
    changes = dict(iterations=None, configs=CONFIGS, perceptual_weights="vgg16.pth")
    settings = bench(tmp_path, tiny_config, photos, **changes)
    timed = []
    monkeypatch.setattr(work_dir, "iterations_for", lambda config, minutes: timed.append(config) or 100)
    assert iterations(settings, "cyclesrgan", track, "unknown") == 100
    assert [config.model.perceptual.weights for config in timed] == ["vgg16.pth"]


def result(seed: int, psnr: float, **means: float) -> dict[str, Any]:
    return dict(
        seed=seed,
        means=dict(psnr=psnr, ssim=0.5, **means),
        protocol="plain",
        images=[{}, {}],
        hardware="a CPU, 2 threads",
        versions=dict(torch="2.0"),
        iterations=100,
        minutes=1.0,
    )


def test_the_page_has_means_spreads_the_paper_and_the_order() -> None:
    cyclesr = [result(0, 21.0, lpips=0.25) | dict(degradation_psnr=30.0), result(1, 25.5, lpips=0.35)]
    rows = dict(cyclesr=cyclesr, sr_syn=[result(0, 20.5), result(1, 24.3)], bicubic=[result(0, 20.0), result(1, 24.0)])
    cells = {("unknown", name, r["seed"]): r for name, row in rows.items() for r in reversed(row)}
    lines = page(1, "demo", dict(minutes=2.5), cells).splitlines()
    assert lines[3] == (
        "cyclesr benchmark-tables --table 1 --scale demo --tracks unknown --seeds 0 1 --hr PHOTOGRAPHS "
        "--minutes 2.5 --rows bicubic sr_syn cyclesr --lpips-weights ALEXNET"
    )
    cells = {line.split("|")[1].strip(): [c.strip() for c in line.split("|")[2:-1]] for line in lines if "|" in line}
    assert list(cells)[2:] == ["Bicubic", "SR_syn", "CycleSR"]
    assert cells["Bicubic"][1:3] == ["22.00 ± 2.00", ""]
    assert cells["Bicubic"][-3:] == ["23.976", "0.644", "0.487"]
    gains = ["23.25 ± 2.25", "1.25 ± 0.25"]
    assert cells["CycleSR"][:6] == ["0, 1", *gains, "0.5000", "0.3000 ± 0.0500", "30.00 (seed 0)"]
    assert len({len(row) for row in cells.values()}) == 1
    assert "Protocol: plain. Images: 2. Hardware: a CPU, 2 threads. torch: 2.0." in lines
    (order,) = (line for line in lines if line.startswith("By PSNR"))
    assert order == (
        "By PSNR (seeds 0, 1), best first: CycleSR > SR_syn > Bicubic. In the paper: CycleSR > Bicubic > SR_syn. "
        "2 of 3 pairs of methods are in the paper's order."
    )


def test_rows_are_ordered_by_the_seeds_that_all_rows_have() -> None:
    rows = dict(sr_syn=[result(0, 20.0)], cyclesr=[result(0, 21.0, lpips=0.3), result(1, 15.0, lpips=0.5)])
    rows["unitsr"] = [result(0, 20.5), result(1, 28.0), result(2, 30.0, lpips=0.4)]
    text = page(1, "demo", {}, {("wild", name, r["seed"]): r for name, row in rows.items() for r in row})
    assert "By PSNR (seed 0), best first: CycleSR > UNITSR > SR_syn. In the paper: UNITSR > CycleSR > SR_syn." in text
    assert "By LPIPS the rows are not ordered: no seed is common to all of them." in text
    assert "| UNITSR | 0, 1, 2 | 26.17 ± 4.75 |  | 0.5000 | 0.4000 (seed 2) |" in text


def test_the_page_says_how_many_pairs_were_aligned() -> None:
    cells = {("mild", "sr_paired", s): result(s, 20.0) | dict(pairs=dict(kept=14 + s, of=16)) for s in (0, 1)}
    text = page(1, "demo", {}, cells)
    assert "torch: 2.0. Pairs that SR_paired's alignment kept: 14 of 16 (seed 0), 15 of 16 (seed 1).\n" in text


def test_a_result_says_how_many_pairs_were_aligned(tmp_path, tiny_config, photos, monkeypatch) -> None:
    settings = bench(tmp_path, tiny_config, photos)
    monkeypatch.setattr(Cell, "train", lambda cell, config, seed: 1.0)
    monkeypatch.setattr(table_runs, "_score", lambda cell, config: dict(means=dict(psnr=20.0)))
    assert "pairs" not in run_cell(settings, "sr_syn", "mild", 0)
    align_track("sr_paired", Cell(settings, "sr_paired", "mild", 0).track(), "mild")
    report = settings.work_dir / "mild_seed0" / "data" / "aligned" / "alignment.json"
    content = json.loads(report.read_text())
    content["pairs"][0]["dropped"] = "correlation 0.1 below 0.9"
    write_json(report, content)
    assert run_cell(settings, "sr_paired", "mild", 0)["pairs"] == dict(kept=1, of=2)


def test_the_command_of_a_page_has_options_for_the_weights_it_used() -> None:
    cells = {("mild", name, 0): result(0, 20.0) for name in rows_of(4)}
    assert page(4, "full", {}, cells).splitlines()[3].endswith("--seeds 0 --perceptual-weights VGG")
    cells["mild", "cyclesr", 0]["means"]["lpips"] = 0.25
    assert page(4, "full", {}, cells).splitlines()[3].endswith(" --lpips-weights ALEXNET --perceptual-weights VGG")


def test_a_page_of_pairings_has_no_column_of_the_paper() -> None:
    cells = {("mild", "bicubic", 0): result(0, 20.0), ("mild", "dsgan_edsr", 0): result(0, 21.5)}
    text = page("pairings", "demo", dict(iterations=1000000), cells)
    assert "--hr PHOTOGRAPHS --iterations 1000000 --rows bicubic dsgan_edsr\n" in text
    assert text.startswith("# Pairings at demo scale\n")
    assert "| DSGAN + EDSR | 0 | 21.50 | 1.50 | 0.5000 |  |  | 100 | 1.0 |\n" in text
    assert "paper" not in text.split("## mild")[1]


def test_a_page_of_several_runs_has_a_command_for_each() -> None:
    names, base = rows_of(4), "cyclesr benchmark-tables --table 4 --scale full --tracks"
    vgg = " --perceptual-weights VGG"
    full = {(kind, name, 0): result(0, 20.0) for kind in ("wild", "unknown") for name in names}
    assert page(4, "full", {}, full).splitlines()[3:5] == [f"{base} unknown wild --seeds 0{vgg}", "```"]
    more = full | {("wild", "cyclesr", 1): result(1, 20.0), ("mild", "cyclesr", 0): result(0, 20.0)}
    assert page(4, "full", {}, more).splitlines()[3:8] == [
        f"{base} unknown --seeds 0{vgg}",
        f"{base} mild --seeds 0 --rows cyclesr",
        f"{base} wild --seeds 0 1 --rows cyclesr",
        f"{base} wild --seeds 0 --rows cyclesrgan{vgg}",
        "```",
    ]


def test_titles_are_the_papers() -> None:
    assert [ROWS[name].title for name in TABLES[3]] == ["Separated", "0", "100", "1000", "10000"]
