"""The loops of validation and test do not use mmengine's autocast, which warns on GPUs."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.runner import loops as mmengine_loops

from cyclesr.engine import evaluation_loops
from cyclesr.registry import LOOPS


class Evaluator:
    def __init__(self) -> None:
        self.outputs: list[torch.dtype] = []

    def process(self, data_samples: list[torch.Tensor], data_batch: dict[str, Any]) -> None:
        self.outputs += [sample.dtype for sample in data_samples]


@pytest.mark.parametrize(("kind", "mode"), [("ValLoop", "val"), ("TestLoop", "test")])
@pytest.mark.parametrize(("fp16", "expected"), [(False, torch.float32), (True, torch.bfloat16)])
def test_batches_are_evaluated(monkeypatch, kind: str, mode: str, fp16: bool, expected: torch.dtype) -> None:
    def refused(**_settings: object) -> None:
        raise AssertionError("mmengine's autocast calls torch.get_autocast_gpu_dtype, which is deprecated")

    monkeypatch.setattr(mmengine_loops, "autocast", refused)
    monkeypatch.setattr(evaluation_loops, "get_device", lambda: "cpu")
    hooks: list[str] = []
    network = torch.nn.Linear(2, 2)
    model = SimpleNamespace(**{f"{mode}_step": lambda batch: [network(batch["lr"])]})
    loop = LOOPS.get(kind).__new__(LOOPS.get(kind))
    loop._runner, loop.evaluator, loop.fp16 = SimpleNamespace(), Evaluator(), fp16
    loop._runner.model = model
    loop._runner.call_hook = lambda name, **_where: hooks.append(name)
    loop.run_iter(0, dict(lr=torch.ones(1, 2)))
    assert loop.evaluator.outputs == [expected]
    assert hooks == [f"before_{mode}_iter", f"after_{mode}_iter"]
