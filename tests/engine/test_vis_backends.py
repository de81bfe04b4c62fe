"""Back ends of the visualizer other than TensorBoard, offline."""

import json
from pathlib import Path

import pytest
from test_checkpoints import run

from cyclesr.errors import UserError

LOCAL = dict(type="LocalVisBackend")


def backends(*configs: dict) -> dict:
    return dict(visualizer=dict(type="Visualizer", vis_backends=[LOCAL, *configs]))


@pytest.mark.slow
def test_weights_and_biases_offline(tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path))
    logged: dict[str, object] = {}
    settings = dict(project="mine", mode="offline")
    start = wandb.init

    def init(**arguments):
        made = start(**arguments)
        log = made.log
        monkeypatch.setattr(wandb, "log", lambda values, **_: (logged.update(values), log(values))[1])
        return made

    monkeypatch.setattr(wandb, "init", init)
    run(
        tiny_config,
        tmp_path / "run",
        train_cfg__max_iters=4,
        **backends(dict(type="WandbVisBackend", init_kwargs=settings)),
    )
    wandb.finish()
    assert {"loss_sr", "psnr", "syn_fake_real_sr_hr"} <= logged.keys()
    assert list((tmp_path / "run").rglob("offline-run-*/*.wandb"))


def test_all_scalars_are_in_a_file_of_lines_too(tiny_config: Path, tmp_path: Path) -> None:
    run(tiny_config, tmp_path / "run", train_cfg__max_iters=3, **backends())
    (path,) = (tmp_path / "run").rglob("scalars.json")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["loss_sr"] for line in lines if "loss_sr" in line]
    assert [line["psnr"] for line in lines if "psnr" in line]


def test_an_unknown_back_end_is_named(tiny_config: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="WandbVisBackend"):
        run(tiny_config, tmp_path / "run", **backends(dict(type="WandBVisBackend")))
