"""The command ``train``: training, resuming, its log, third-party networks, and mistakes."""

import re
from pathlib import Path

import pytest
import torch


def checkpoint(work_dir: Path, iteration: int) -> dict:
    return torch.load(work_dir / f"iter_{iteration}.pth", weights_only=True)


def assert_same(a: object, b: object) -> None:
    """Asserts bitwise equality of nested dicts, lists and tensors."""
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b)
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            assert_same(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    else:
        assert a == b


@pytest.mark.slow
def test_resumed_equals_straight(shell, config, tmp_path) -> None:
    """Uses new processes. ``tests/engine/test_resume.py`` has the same test within one process."""
    straight = shell("train", config, "--work-dir", tmp_path / "straight")
    assert straight.returncode == 0, straight.stderr
    stopped = shell("train", config, "--work-dir", tmp_path / "resumed")
    assert stopped.returncode == 0, stopped.stderr
    for iteration in (4, 6):  # as if it had been killed after its first checkpoint
        (tmp_path / "resumed" / f"iter_{iteration}.pth").unlink()
    moved = (tmp_path / "resumed").rename(tmp_path / "moved")
    resumed = shell("train", config, "--work-dir", moved, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    a, b = checkpoint(tmp_path / "straight", 6), checkpoint(moved, 6)
    for part in ("state_dict", "optimizer", "param_schedulers", "rank_states"):
        assert_same(a[part], b[part])


def test_log_shows_losses_quality_and_time_left(tool, config, tmp_path) -> None:
    work_dir = tmp_path / "my run"
    done = tool("train", config, "--work-dir", work_dir)
    assert done.returncode == 0, done.stderr
    log = done.stdout + done.stderr
    for word in ("loss_sr", "loss_disc", "eta", "psnr", "ssim"):
        assert word in log
    assert len(log.splitlines()) == 15  # 6 steps, 2 validations, 3 checkpoints, their place, card, report, what is next
    network = work_dir / "sr_latest.safetensors"
    assert log.splitlines()[-1] == f"The SR network is {network}. Next: cyclesr infer '{network}' IMAGES -o OUT"
    (whole,) = work_dir.rglob("*.log")
    for word in ("System environment", "Config:", "Hooks will be executed", "loss_sr"):
        assert word in whole.read_text()
    events = list(work_dir.rglob("events.out.tfevents*"))
    assert len(events) == 1
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = EventAccumulator(str(events[0]))
    board.Reload()
    assert {"syn_fake_real_sr_hr", "real_real_sr"} <= set(board.Tags()["images"])
    assert "loss_sr" in str(board.Tags()["scalars"])


def test_the_last_iteration_is_logged_in_runs_shorter_than_the_interval(tool, config, tmp_path) -> None:
    options = ("--cfg-options", "default_hooks.logger.interval=50", "train_cfg.val_interval=50")
    done = tool("train", config, "--iterations", 5, "--work-dir", tmp_path / "run", *options)
    (line,) = [line for line in done.stdout.splitlines() if "Iter(train)" in line]
    assert "Iter(train) [5/5]" in line
    assert "loss_sr: " in line


def test_a_used_work_dir_is_an_error_and_a_finished_training_is_reported(tool, config, tmp_path) -> None:
    started = ("train", config, "--work-dir", tmp_path / "run", "--iterations", 2)
    assert tool(*started).returncode == 0
    assert re.search(r"run.* --resume .*--work-dir", one_line(tool(*started)))
    again = tool(*started, "--resume", "--cfg-options", f"experiment_name=again_{tmp_path.name}")
    assert again.returncode == 0, again.stderr
    assert re.search(r"Nothing is left to train.* 2\..*--iterations", again.stdout)


def test_any_pairing_from_the_command_line(tool, config, tmp_path) -> None:
    done = tool(
        "train",
        config,
        "--work-dir",
        tmp_path / "run",
        "--cfg-options",
        "model.sr.type=VDSR",
        "train_cfg.max_iters=3",
        "default_hooks.checkpoint.interval=3",
    )
    assert done.returncode == 0, done.stderr
    assert checkpoint(tmp_path / "run", 3)["sr_network"]["config"]["type"] == "VDSR"


PLUGIN = """
from torch import nn
from cyclesr.registry import SR_BACKBONES

@SR_BACKBONES.register_module()
class OutsidersNet(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(3, 3 * scale**2, 3, padding=1), nn.PixelShuffle(scale))
    def forward(self, lr):
        return self.net(lr)
"""


@pytest.mark.parametrize("way", ["entry point", "custom_imports", "dotted path"])
def test_a_third_party_network_trains_without_a_change_of_this_repository(
    way, tool, config, tmp_path, monkeypatch
) -> None:
    site = tmp_path / "site"
    (site / "outsiders-1.0.dist-info").mkdir(parents=True)
    source = PLUGIN if way != "dotted path" else PLUGIN.replace("@SR_BACKBONES.register_module()\n", "")
    (site / "outsiders.py").write_text(source)
    (site / "outsiders-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: outsiders\nVersion: 1.0\n")
    if way == "entry point":
        entry = "[cyclesr.plugins]\noutsiders = outsiders\n"
        (site / "outsiders-1.0.dist-info" / "entry_points.txt").write_text(entry)
    if way == "custom_imports":
        config.write_text(config.read_text() + 'custom_imports = dict(imports=["outsiders"])\n')
    name = "outsiders.OutsidersNet" if way == "dotted path" else "OutsidersNet"
    text = config.read_text()
    text = text.replace('dict(type="SRResNet", scale=4, channels=4, num_blocks=1)', f'dict(type="{name}", scale=4)')
    config.write_text(text)
    monkeypatch.syspath_prepend(site)
    done = tool("train", config, "--work-dir", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert checkpoint(tmp_path / "run", 6)["sr_network"]["config"] == dict(type=name, scale=4)


@pytest.mark.parametrize("where", ["beside the config", "in the current folder"])
@pytest.mark.parametrize("way", ["custom_imports", "dotted path"])
def test_a_network_in_a_file_needs_no_installation(way, where, tool, config, tmp_path) -> None:
    text, name = config.read_text(), "my_nets.OutsidersNet"
    if way == "custom_imports":
        text, name = text + 'custom_imports = dict(imports=["my_nets"])\n', "OutsidersNet"
    own = tmp_path / "own" / "my_config.py"
    own.parent.mkdir()
    own.write_text(text.replace('type="SRResNet", scale=4, channels=4, num_blocks=1', f'type="{name}", scale=4'))
    (own.parent if where == "beside the config" else tmp_path).joinpath("my_nets.py").write_text(PLUGIN)
    done = tool("train", own, "--work-dir", tmp_path / "run", "--iterations", 2)
    assert done.returncode == 0, done.stderr
    assert checkpoint(tmp_path / "run", 2)["sr_network"]["config"] == dict(type=name, scale=4)


def test_own_folders_need_no_config_option(tool, config, folders, tmp_path) -> None:
    for image in [*folders["hr"].iterdir(), *folders["lr"].iterdir()]:  # the ranges of the config match none of them
        image.rename(image.with_name(f"photo_{'_abcd'[int(image.name[3])]}.png"))
    sharp, mine = folders["hr"].rename(tmp_path / "sharp"), folders["lr"].rename(tmp_path / "mine")
    done = tool("train", config, "--hr", sharp, "--real", mine, "--iterations", 2, "--work-dir", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert checkpoint(tmp_path / "run", 2)["sr_network"]["scale"] == 4
    assert "Iter(val)" not in done.stdout


def test_hr_without_real_is_an_error(tool, config) -> None:
    assert "--real" in one_line(tool("train", config, "--hr", "sharp"))


def one_line(process) -> str:
    assert process.returncode == 2, process.stderr
    errors = [line for line in process.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "Traceback" not in process.stderr
    return errors[0]


def test_a_mistake_is_one_line_and_exit_code_2(shell, config) -> None:
    done = shell("train", config, "--cfg-options", "train_dataloader.dataset.hr=nowhere")
    assert re.search(r"nowhere.*train_dataloader\.dataset\.hr.* does not exist", one_line(done))
    assert done.stdout == ""


def test_a_missing_config(tool) -> None:
    assert "nowhere.py" in one_line(tool("train", "nowhere.py"))
