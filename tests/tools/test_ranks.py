"""Training with torchrun on CPUs: several ranks equal one, and nothing is written or counted twice.

These tests take minutes. ``tests/engine/test_resume.py`` compares two ranks with one in forked processes.
"""

import json
import math
from pathlib import Path

import pytest
import torch

HOOK = """
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from cyclesr.registry import HOOKS

@HOOKS.register_module()
class KeepOwnWeights(Hook):
    def after_train(self, runner):
        torch.save(dict(runner.model.named_parameters()), f"{runner.work_dir}/rank{get_rank()}.pt")
"""
# No norms: the gradient of a bias before an instance norm is only rounding error, which Adam turns into full steps.
# Three images are validated: two ranks score one of them twice, but it must count once.
FIXED = (
    "model.translator.noise_channels=0",
    "model.translator.pool_size=0",
    "model.sr.norm='none'",
    "model.translator.generator.norm='none'",
    "model.translator.discriminator.norm='none'",
    "param_scheduler.sr=[]",
    "val_dataloader.dataset.hr_range=(1,3)",
    "train_cfg.val_interval=7",
    "default_hooks.checkpoint.interval=3",
)


def options(batch_size: int, max_iters: int = 7) -> list[str]:
    return ["--cfg-options", f"train_dataloader.batch_size={batch_size}", f"train_cfg.max_iters={max_iters}", *FIXED]


@pytest.fixture
def site(tmp_path: Path, config: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "keep_weights.py").write_text(HOOK)
    text = config.read_text().replace("custom_hooks = [", 'custom_hooks = [dict(type="KeepOwnWeights"),')
    config.write_text(text + 'custom_imports = dict(imports=["keep_weights"])\n')
    return folder


def last(work_dir: Path) -> dict:
    return torch.load(work_dir / "iter_7.pth", weights_only=True)


def scores(work_dir: Path) -> dict:
    (log,) = work_dir.rglob("vis_data/scalars.json")
    return next(line for line in map(json.loads, log.read_text().splitlines()) if "psnr" in line)


def assert_near(a: dict, b: dict) -> None:
    assert a.keys() == b.keys()
    for name in a:
        torch.testing.assert_close(a[name], b[name], rtol=0, atol=1e-6)


@pytest.mark.slow
def test_two_ranks_equal_one_with_twice_the_batch(shell, torchrun, config, site, tmp_path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    done = shell("train", config, "--work-dir", one, *options(4), path=site)
    assert done.returncode == 0, done.stderr
    done = torchrun("train", config, "--work-dir", two, "--launcher", "pytorch", *options(2), path=site)
    assert done.returncode == 0, done.stderr
    assert_near(last(one)["state_dict"], last(two)["state_dict"])  # after a separate step of each part and 5 joint ones
    first, second = (torch.load(two / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)
    for name in ("psnr", "ssim"):
        assert math.isclose(scores(one)[name], scores(two)[name], rel_tol=1e-5)
    assert len(list(two.rglob("*.log"))) == len(list(two.rglob("events.out*"))) == 1
    states = [own["random"]["torch"] for own in last(two)["rank_states"]]
    assert len(states) == 2
    assert not torch.equal(*states)  # each rank draws its own noise


@pytest.mark.slow
def test_two_ranks_share_the_discriminator_of_hr_images(shell, torchrun, config, site, tmp_path) -> None:
    # The vanilla loss is a mean over images; the relativistic loss depends on the mean of the rank's batch.
    discriminator = [
        "model.sr_adversarial.mode=vanilla",
        "model.sr_adversarial.weight=1.0",
        "model.sr_adversarial.discriminator.crop=48",
        "model.sr_adversarial.discriminator.channels=2",
        "model.sr_adversarial.discriminator.norm='none'",
        "optim_wrapper.sr_discriminator.optimizer.type=Adam",
        "optim_wrapper.sr_discriminator.optimizer.lr=0.001",
        "param_scheduler.sr_discriminator=[]",
    ]
    one, two = tmp_path / "one", tmp_path / "two"
    done = shell("train", config, "--work-dir", one, *options(4), *discriminator, path=site)
    assert done.returncode == 0, done.stderr
    ranks = [*options(2), *discriminator]
    done = torchrun("train", config, "--work-dir", two, "--launcher", "pytorch", *ranks, path=site)
    assert done.returncode == 0, done.stderr
    assert any(name.startswith("sr_adversarial") for name in last(two)["state_dict"])
    assert_near(last(one)["state_dict"], last(two)["state_dict"])
    first, second = (torch.load(two / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.slow
@pytest.mark.parametrize("ranks", [1, 2])
def test_a_checkpoint_of_two_ranks_continues_on_any_number(ranks, shell, torchrun, config, site, tmp_path) -> None:
    work_dir, straight = tmp_path / "run", tmp_path / "straight"
    start = torchrun("train", config, "--work-dir", work_dir, "--launcher", "pytorch", *options(2, 3), path=site)
    assert start.returncode == 0, start.stderr
    command = ["train", config, "--work-dir", work_dir, "--resume"]
    if ranks == 1:
        done = shell(*command, *options(4), path=site)
    else:
        done = torchrun(*command, "--launcher", "pytorch", *options(2), path=site)
    assert done.returncode == 0, done.stderr
    done = shell("train", config, "--work-dir", straight, *options(4), path=site)
    assert done.returncode == 0, done.stderr
    assert_near(last(work_dir)["state_dict"], last(straight)["state_dict"])


@pytest.mark.slow
def test_two_ranks_with_noise_and_pools_resume_bitwise_equal(torchrun, config, tmp_path) -> None:
    from test_train import assert_same

    states = []
    for name, stops in (("straight", (6,)), ("resumed", (4, 6))):
        work_dir = tmp_path / name
        for stop in stops:
            arguments = ["train", config, "--work-dir", work_dir, "--launcher", "pytorch", "--resume", "--cfg-options"]
            done = torchrun(*arguments, f"train_cfg.max_iters={stop}", "param_scheduler.sr=[]")
            assert done.returncode == 0, done.stderr
        states.append(torch.load(work_dir / "iter_6.pth", weights_only=True))
    for part in ("state_dict", "optimizer", "rank_states"):
        assert_same(states[0][part], states[1][part])


def test_the_launcher_needs_torchrun(tool, config) -> None:
    done = tool("train", config, "--launcher", "pytorch")
    assert done.returncode == 2
    assert "torchrun" in done.stderr
