"""Trainings with schedule-free AdamW: resuming, validation, and the files of the SR network."""

from pathlib import Path

import pytest
import torch
from test_checkpoints import run

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.metrics.quality import SRQuality

pytest.importorskip("schedulefree")
FREE = dict(
    optim_wrapper__sr=dict(optimizer=dict(type="AdamWScheduleFree", lr=0.01), _delete_=True),
    param_scheduler__sr=[],
    model__average=0.0,
)


def test_resuming_is_bitwise_equal_although_it_saves_and_validates_at_other_times(tiny_config, tmp_path: Path) -> None:
    for name, stops in (("straight", (5,)), ("resumed", (3, 5))):
        for stop in stops:
            run(tiny_config, tmp_path / name, resume=stop == 5 and name == "resumed", train_cfg__max_iters=stop, **FREE)
    straight, resumed = (read_checkpoint(tmp_path / name / "iter_5.pth") for name in ("straight", "resumed"))
    assert all(torch.equal(weight, resumed["state_dict"][name]) for name, weight in straight["state_dict"].items())
    ours, theirs = (saved["optimizer"]["sr"]["state"] for saved in (straight, resumed))
    assert all(torch.equal(ours[i]["z"], theirs[i]["z"]) for i in ours)


def test_validation_and_files_have_the_averaged_weights(tiny_config, tmp_path: Path, monkeypatch) -> None:
    seen = []
    process = SRQuality.process
    monkeypatch.setattr(
        SRQuality, "process", lambda self, *args: (seen.append(args[1][0]["sr"].clone()), process(self, *args))[1]
    )
    runner = run(tiny_config, tmp_path, train_cfg__max_iters=4, train_cfg__val_interval=4, **FREE)
    saved = read_checkpoint(tmp_path / "iter_4.pth")
    trained = {n.removeprefix("sr."): w for n, w in saved["state_dict"].items() if n.startswith("sr.")}
    averaged = saved["sr_network"]["state_dict"]
    assert any(not torch.equal(trained[name], weight) for name, weight in averaged.items())
    network, _ = load_sr(tmp_path / "sr_latest.safetensors")
    assert all(torch.equal(network.state_dict()[name], weight) for name, weight in averaged.items())
    assert all(torch.equal(runner.model.sr.state_dict()[name], weight) for name, weight in averaged.items())
    (lr,) = (data["lr"] for data in list(runner.val_dataloader)[-1:])
    torch.testing.assert_close(seen[-1], network(lr.float())[0], rtol=0, atol=1e-5)
