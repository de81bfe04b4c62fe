"""``infer`` and ``degrade`` with two processes of torchrun, which share a folder's files."""

from pathlib import Path

import pytest
import torch

from cyclesr.registry import SR_BACKBONES

CONFIG = dict(type="SRResNet", scale=4, channels=4, num_blocks=1)
# The second process is killed as it writes its second file, after the first.
KILLED = """
import os, signal, time
if os.environ.get("RANK") == "1":
    from cyclesr.inference import files
    write = files.write_bands

    def write_or_die(target, *rest, **named):
        while target.name == "0004x4.png":
            time.sleep(0.01)
            if target.with_name("0002x4.png").exists():
                os.kill(os.getpid(), signal.SIGKILL)
        write(target, *rest, **named)

    files.write_bands = write_or_die
"""


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.mark.slow
def test_infer(torchrun, shell, folders, tmp_path: Path) -> None:
    checkpoint, out, site = tmp_path / "net.pth", tmp_path / "sr", tmp_path / "site"
    state = SR_BACKBONES.build(dict(CONFIG)).state_dict()
    torch.save(dict(sr_network=dict(config=CONFIG, scale=4, state_dict=state)), checkpoint)
    arguments = "infer", checkpoint, folders["lr"], "-o", out, "--device", "cpu"
    site.mkdir()
    (site / "sitecustomize.py").write_text(KILLED)
    killed = torchrun(*arguments, path=site)
    assert killed.returncode != 0
    before = times(out)
    assert "0002x4.png" in before
    assert "0004x4.png" not in before
    done = torchrun(*arguments, "--skip-existing")
    assert done.returncode == 0, done.stderr
    there = f"{len(before)} {'were' if len(before) > 1 else 'was'} there already"
    (said,) = done.stdout.splitlines()
    assert said.startswith(f"{4 - len(before)} image{'s' * (len(before) != 3)} written to {out}; {there} (")
    assert sorted(times(out)) == [f"000{i}x4.png" for i in range(1, 5)]
    assert {name: time for name, time in times(out).items() if name in before} == before
    alone = shell("infer", checkpoint, folders["lr"], "-o", tmp_path / "alone", "--device", "cpu")
    assert alone.returncode == 0, alone.stderr
    for path in out.glob("*.png"):
        assert path.read_bytes() == (tmp_path / "alone" / path.name).read_bytes()


@pytest.mark.slow
def test_a_file_that_fails_does_not_stop_the_other_process(torchrun, config, shell, folders, tmp_path: Path) -> None:
    trained = shell("train", config, "--work-dir", "run", "--cfg-options", "train_cfg.max_iters=1")
    assert trained.returncode == 0, trained.stderr
    (folders["hr"] / "0001.png").write_bytes(b"\x89PNG cut")
    done = torchrun("degrade", "run/iter_1.pth", folders["hr"], "drawn", "--device", "cpu")
    assert done.returncode != 0
    assert "3 LR images written to drawn" in done.stdout
    assert "1 of 4 images failed" in done.stderr
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["0002.png", "0003.png", "0004.png"]
