"""The examples of docs/plugin.md: each runs as the page shows it, in a training of a tiny model."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from cyclesr.descriptions import paper_of, summary_of
from cyclesr.engine.console import ConsoleRunner
from cyclesr.engine.launch import train
from cyclesr.metrics.protocols import PROTOCOLS, get_protocol
from cyclesr.registry import DEGRADATIONS, HOOKS, LOSSES, METRICS, MODELS, SR_BACKBONES, TRANSLATORS

PAGE = Path(__file__).parents[2] / "docs" / "plugin.md"
BLOCKS = [
    block
    for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if not block.startswith("# setup.py")
]
NAME = "test_parts_of_the_plugin_page"  # the contract tests leave modules of tests out


@pytest.fixture(scope="module", autouse=True)
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """All examples as one module, imported as ``custom_imports`` would; afterwards nothing of it is registered."""
    registries = (DEGRADATIONS, HOOKS, LOSSES, METRICS, MODELS, SR_BACKBONES, TRANSLATORS)
    folder = tmp_path_factory.mktemp("page")
    (folder / f"{NAME}.py").write_text("\n\n".join(BLOCKS), encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield importlib.import_module(NAME)
    sys.path.remove(str(folder))
    for registry in registries:
        for name, kind in list(registry.module_dict.items()):
            if kind.__module__ == NAME:
                del registry.module_dict[name]
    PROTOCOLS.pop("my_benchmark", None)


@pytest.fixture
def run(tiny_config: Path, tmp_path: Path) -> Any:
    """Trains the tiny config with options laid over it."""

    def trained(**options: Any) -> ConsoleRunner:
        dotted = {key.replace("__", "."): value for key, value in options.items()}
        return train(str(tiny_config), work_dir=str(tmp_path / "run"), options=dotted, iterations=4)

    return trained


def test_a_network_a_translator_a_loss_and_a_degradation(run: Any) -> None:
    runner = run(
        model__sr=dict(_delete_=True, type="SmallSR", scale=4, channels=4),
        model__translator=dict(
            _delete_=True,
            type="OneWay",
            generator=dict(channels=4, num_blocks=1),
            discriminator=dict(channels=4, num_layers=1),
            noise_channels=1,
            free_noise=True,
        ),
        model__sr_loss=dict(_delete_=True, type="SumOfLosses", losses=[dict(type="L1Loss"), dict(type="EdgeLoss")]),
        model__degradation=dict(_delete_=True, type="BoxDownsampling", scale=4),
    )
    losses = runner.message_hub.log_scalars
    assert {"train/loss_content_real", "train/loss_sr_EdgeLoss", "train/loss_feedback"} <= losses.keys()
    hr = torch.rand(1, 3, 8, 8)
    torch.testing.assert_close(runner.model.degradation(hr)[0, 0, 0, 0], hr[0, 0, :4, :4].mean())
    assert runner.model.eval()(torch.rand(1, 3, 5, 7)).shape == (1, 3, 20, 28)


def test_a_hook_and_a_metric(run: Any, caplog: pytest.LogCaptureFixture) -> None:
    evaluators = [dict(type="SRQuality", protocol="plain"), dict(type="LargestError")]
    stages = dict(type="StageHook", stages=[dict(name="joint")])
    watch = dict(type="DiscriminatorWatchHook", interval=2, below=1e9)
    runner = run(val_evaluator=evaluators, custom_hooks=[stages, watch])
    log = next(Path(runner.work_dir).rglob("*.log")).read_text(encoding="utf-8")
    assert re.findall(r"iteration (\d+): loss_disc_real is only", log) == ["2", "4"]
    assert 0 < runner.message_hub.get_scalar("val/error/largest").current() <= 255


def test_a_protocol() -> None:
    sr = torch.rand(3, 32, 32)
    hr = sr.clone()
    hr[:, :4] = 0  # within the border
    assert get_protocol("my_benchmark", 4).score(sr, hr)["psnr"] == float("inf")


def test_a_model(run: Any) -> None:
    adam = dict(optimizer=dict(type="Adam", lr=1e-3))
    runner = run(
        model=dict(
            _delete_=True,
            type="ConsistentSR",
            sr=dict(type="SmallSR", scale=4),
            degradation=dict(type="Bicubic", scale=4),
            average=0.9,
        ),
        optim_wrapper=dict(_delete_=True, constructor="PartOptimizers", sr=adam),
        param_scheduler=dict(_delete_=True, sr=[]),
        custom_hooks=[],
    )
    assert runner.message_hub.get_scalar("train/loss_consistency").current() > 0
    assert runner.message_hub.get_scalar("val/psnr").current() > 0


def test_an_update_rule(run: Any) -> None:
    stages = dict(type="StageHook", stages=[dict(name="joint")])
    runner = run(model__type="NoisyFeedback", model__optimisation="noisy", custom_hooks=[stages])
    assert {"train/loss_feedback", "train/loss_sr"} <= runner.message_hub.log_scalars.keys()


def test_what_a_class_says_of_itself(parts: ModuleType) -> None:
    assert paper_of(parts.MyNet).citation == "Lim et al., CVPRW 2017"
    assert summary_of(parts.MyNet) == "Three convolutions"
