"""The plugin in examples/ is found by its entry point and takes part in the contract tests without any change."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "plugin_backbone"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Returns environment variables with which Python finds the plugin as if it were installed."""
    metadata = tmp_path_factory.mktemp("metadata")
    command = [sys.executable, "setup.py", "-q", "egg_info", "--egg-base", str(metadata)]
    subprocess.run(command, cwd=EXAMPLE, check=True, capture_output=True)
    path = os.pathsep.join(map(str, (ROOT, EXAMPLE, metadata)))
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def run(environment: dict[str, str], *args: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *map(str, args)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_the_contract_tests_include_it(environment: dict[str, str]) -> None:
    tests = [EXAMPLE, ROOT / "tests" / "contract" / "test_pairs.py"]
    chosen = "example_plugin or LearntBlur-DepthwiseSR or each_stage and LearntBlur"
    done = run(environment, "-m", "pytest", "-p", "no:cacheprovider", "-vv", "-k", chosen, *tests)
    assert done.returncode == 0, done.stdout
    assert "test_pair[LearntBlur-DepthwiseSR] PASSED" in done.stdout
    assert "test_cyclesr_finds_both_by_name PASSED" in done.stdout
    assert "9 passed" in done.stdout  # 4 tests of the plugin, the pair, 4 stages


@pytest.mark.slow
def test_its_config_trains_and_its_checkpoint_upscales(
    environment: dict[str, str], folders: dict[str, Path], tmp_path: Path
) -> None:
    hr, lr = folders["hr"], folders["lr"]
    data = ["--hr", hr, "--real", lr, "--val-hr", hr, "--val-lr", lr, "--iterations", 4]
    options = ["train_dataloader.dataset.crop=12", "train_dataloader.batch_size=2", "train_cfg.val_interval=4"]
    options += ["train_dataloader.dataset.cache=None", "val_dataloader.dataset.cache=None"]
    config = EXAMPLE / "configs" / "learnt_blur_demo.py"
    place = ["--work-dir", tmp_path / "run"]
    done = run(environment, "tools/train.py", config, *place, *data, "--cfg-options", *options)
    assert done.returncode == 0, done.stderr
    done = run(environment, "tools/infer.py", tmp_path / "run" / "iter_4.pth", folders["lr"], "-o", tmp_path / "sr")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"4 images written to {tmp_path / 'sr'} (")
