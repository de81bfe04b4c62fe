"""Checkpoints that are damaged, of other models or moved, and their content."""

import shutil
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch

from cyclesr import atomic_write
from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.engine import runner as runner_module
from cyclesr.engine.launch import train
from cyclesr.errors import UserError
from cyclesr.metrics.quality import SRQuality

_runs = count()


def run(config: Path, work_dir: Path, resume: bool = False, **options: Any) -> Any:
    """Trains in this process. Each run has its own experiment name, because mmengine keeps a log per name."""
    dotted = {name.replace("__", "."): value for name, value in options.items()}
    dotted |= {"experiment_name": f"{work_dir}_{next(_runs)}", "model.translator.pool_size": 2}
    return train(str(config), work_dir=str(work_dir), resume=resume, options=dotted)


def log(work_dir: Path) -> str:
    return "".join(path.read_text() for path in work_dir.rglob("*.log"))


@pytest.mark.parametrize("damage", ["cut", "one bit"])
def test_a_damaged_checkpoint_is_skipped_for_the_one_before(damage, tiny_config, tmp_path) -> None:
    run(tiny_config, tmp_path / "run")
    path = tmp_path / "run" / "iter_6.pth"
    whole, data = read_checkpoint(path), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data[: len(data) // 2] if damage == "cut" else data)
    run(tiny_config, tmp_path / "run", resume=True)
    assert "iter_6.pth is damaged" in log(tmp_path / "run")
    again = read_checkpoint(path)
    assert all(torch.equal(again["state_dict"][name], weight) for name, weight in whole["state_dict"].items())


def test_resuming_a_copied_work_dir_does_not_change_the_original(tiny_config, tmp_path) -> None:
    best = dict(default_hooks__checkpoint__save_best="psnr", default_hooks__checkpoint__rule="greater")
    run(tiny_config, tmp_path / "old", train_cfg__max_iters=4, **best)
    (old_best,) = (tmp_path / "old").glob("best_*.pth")
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    runner = run(tiny_config, tmp_path / "new", resume=True, **best)
    assert runner.iter == 6
    assert old_best.is_file()
    assert not (tmp_path / "old" / "iter_6.pth").exists()
    assert str(tmp_path / "old") not in str(runner.message_hub.runtime_info["best_ckpt"])


def test_checkpoints_of_others_are_refused(tiny_config, tmp_path) -> None:
    work_dir = tmp_path / "run"
    run(tiny_config, work_dir, train_cfg__max_iters=2)
    with pytest.raises(UserError, match=r"iter_2.pth .*another model: .*sr\.body.* found sr\.body"):
        run(tiny_config, work_dir, resume=True, model__sr__num_blocks=2)
    with pytest.raises(UserError, match=r"another model: size mismatch for sr\."):
        run(tiny_config, work_dir, resume=True, model__sr__channels=8)
    torch.save(dict(state_dict={}, hook=Path), work_dir / "iter_7.pth")
    with pytest.raises(UserError, match="could run code"):
        run(tiny_config, work_dir, resume=True)


_LOG = {"log_scalars": {"train/loss": [[1.0, 2.0], [1]]}, "runtime_info": {}, "resumed_keys": {}}


def test_checkpoints_with_other_content_are_one_line(tiny_config, tmp_path) -> None:
    run(tiny_config, tmp_path / "run", train_cfg__max_iters=2)
    path = tmp_path / "run" / "iter_2.pth"
    whole = read_checkpoint(path)
    for changed in (
        dict(message_hub=_LOG),
        dict(message_hub=3),
        dict(meta={}),
        dict(optimizer=[]),
        dict(param_schedulers=5),
    ):
        torch.save(whole | changed, path)
        with pytest.raises(UserError, match=r"iter_2\.pth is damaged, or not from cyclesr.*Error: "):
            run(tiny_config, tmp_path / "run", resume=True)


def test_buffers_that_no_checkpoint_holds_stay_out_of_it_after_a_resume(tiny_config, tmp_path) -> None:
    luma = dict(type="FSRCNN", scale=4, channels=4, shrunk=2, num_layers=1, planes="luma", _delete_=True)
    for length in (2, 4, 6):
        run(tiny_config, tmp_path, resume=length > 2, model__sr=luma, train_cfg__max_iters=length)
    keys = [read_checkpoint(tmp_path / f"iter_{n}.pth")["state_dict"].keys() for n in (2, 6)]
    assert keys[0] == keys[1]
    assert load_sr(tmp_path / "iter_6.pth")[1] == 4


def test_the_log_stays_short(tiny_config, tmp_path) -> None:
    run(tiny_config, tmp_path, train_cfg__max_iters=2)
    runner = run(tiny_config, tmp_path, resume=True, train_cfg__max_iters=4)
    lengths = {n: b.max_length for n, b in runner.message_hub.log_scalars.items() if n.startswith("train/")}
    assert {"train/loss_sr", "train/time", "train/data_time", "train/sr.lr"} <= lengths.keys()
    assert set(lengths.values()) == {1000}


def test_other_files_beside_the_checkpoints_are_ignored(tiny_config, tmp_path) -> None:
    run(tiny_config, tmp_path, train_cfg__max_iters=2)
    shutil.copy(tmp_path / "iter_2.pth", tmp_path / "iter_9_good.pth")
    assert runner_module.newest_checkpoint(tmp_path) == str(tmp_path / "iter_2.pth")


def test_a_training_that_became_longer_logs_what_changes(tiny_config, tmp_path) -> None:
    run(tiny_config, tmp_path, train_cfg__max_iters=2)
    run(tiny_config, tmp_path, resume=True, train_cfg__max_iters=4)
    assert "from 2 to 4 iterations" in log(tmp_path)


@pytest.mark.parametrize("best", [False, True])
def test_a_checkpoint_that_cannot_be_written_keeps_the_earlier_ones(best, tiny_config, tmp_path, monkeypatch) -> None:
    write = runner_module.write_whole

    def full_disk(path: Path, write_it: Any) -> None:
        if path.name == ("best_psnr_iter_6.pth" if best else "iter_6.pth"):
            raise OSError(28, "No space left on device")
        write(path, write_it)

    keep = dict(default_hooks__checkpoint__max_keep_ckpts=2)
    save_best = dict(default_hooks__checkpoint__save_best="psnr", default_hooks__checkpoint__rule="greater")
    monkeypatch.setattr(runner_module, "write_whole", full_disk)
    # The score rises at each validation, whatever the networks do.
    values = iter((20.0, 21.0))
    monkeypatch.setattr(SRQuality, "compute_metrics", lambda *_: {"psnr": next(values)})
    with pytest.raises(UserError, match=r"No space left on device.*--resume"):
        run(tiny_config, tmp_path, **keep, **(save_best if best else {}))
    names = {path.name for path in tmp_path.glob("*.pth")}
    assert names >= ({"best_psnr_iter_3.pth"} if best else {"iter_2.pth", "iter_4.pth"})


def test_the_umask_decides_who_can_read_the_files(tiny_config, tmp_path) -> None:
    run(tiny_config, tmp_path, train_cfg__max_iters=2)
    modes = {(tmp_path / name).stat().st_mode for name in ("iter_2.pth", "sr_latest.safetensors")}
    (tmp_path / "plain").write_text("")
    assert modes == {(tmp_path / "plain").stat().st_mode}


def test_the_sr_network_is_also_written_as_safetensors(tiny_config, tmp_path) -> None:
    run(tiny_config, tmp_path, train_cfg__max_iters=2)
    lr = torch.rand(1, 3, 8, 8)
    (ours, scale), (same, same_scale) = (load_sr(tmp_path / name) for name in ("iter_2.pth", "sr_latest.safetensors"))
    assert scale == same_scale == 4
    assert torch.equal(ours(lr), same(lr))


def test_keeping_only_one_checkpoint_is_an_error(tiny_config, tmp_path) -> None:
    with pytest.raises(UserError, match=r"max_keep_ckpts=1.*2 or more"):
        run(tiny_config, tmp_path, default_hooks__checkpoint__max_keep_ckpts=1)


def test_a_failed_write_keeps_the_existing_file(tmp_path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fails(partial: Path) -> None:
        partial.write_text("half")
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        atomic_write.write_whole(path, fails)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    atomic_write.write_whole(path, lambda partial: partial.write_text("new") and None)
    assert path.read_text() == "new"
