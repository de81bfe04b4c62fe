"""The loops of validation and test: mmengine's, without its autocast."""

from typing import Any

import torch
from mmengine.device import get_device
from mmengine.runner import TestLoop as MMEngineTestLoop
from mmengine.runner import ValLoop as MMEngineValLoop

from cyclesr.registry import LOOPS


@LOOPS.register_module()
class ValLoop(MMEngineValLoop):
    """mmengine's loop, without its autocast: on GPUs, that asks torch for its type in a deprecated way, which warns."""

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Runs the model on one batch, in float32 unless ``fp16`` is set, and passes the outputs to the metrics."""
        _run_iter(self, "val", idx, data_batch)


@LOOPS.register_module()
class TestLoop(MMEngineTestLoop):
    """As :class:`ValLoop`, for ``cyclesr test``."""

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Runs the model on one batch; see :meth:`ValLoop.run_iter`."""
        _run_iter(self, "test", idx, data_batch)


def _run_iter(loop: ValLoop | TestLoop, mode: str, index: int, batch: Any) -> None:
    runner, where = loop.runner, dict(batch_idx=index, data_batch=batch)
    runner.call_hook(f"before_{mode}_iter", **where)
    with torch.autocast(torch.device(get_device()).type, enabled=loop.fp16):
        outputs = getattr(runner.model, f"{mode}_step")(batch)
    loop.evaluator.process(data_samples=outputs, data_batch=batch)
    runner.call_hook(f"after_{mode}_iter", **where, outputs=outputs)
