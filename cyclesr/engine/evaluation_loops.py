"""The loops of validation and test: mmengine's, without its autocast, and with errors that all ranks raise together."""

from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import get_world_size
from mmengine.runner import TestLoop as MMEngineTestLoop
from mmengine.runner import ValLoop as MMEngineValLoop

from cyclesr.datasets.worker_errors import errors_of_workers_in_one_line
from cyclesr.engine.stopping import Ranks
from cyclesr.errors import UserError
from cyclesr.registry import LOOPS


@LOOPS.register_module()
class ValLoop(MMEngineValLoop):
    """mmengine's loop, without its autocast: on GPUs, that asks torch for its type in a deprecated way, which warns."""

    def run(self) -> dict[str, float]:
        """Validates, and returns the metrics.

        Raises:
            UserError, OSError: an image cannot be read, on any rank.
        """
        return _run(self, "val")

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Runs the model on one batch, in float32 unless ``fp16`` is set, and passes the outputs to the metrics."""
        _run_iter(self, "val", idx, data_batch)


@LOOPS.register_module()
class TestLoop(MMEngineTestLoop):
    """As :class:`ValLoop`, for ``cyclesr test``."""

    def run(self) -> dict[str, float]:
        """Tests, and returns the metrics; see :meth:`ValLoop.run`."""
        return _run(self, "test")

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Runs the model on one batch; see :meth:`ValLoop.run_iter`."""
        _run_iter(self, "test", idx, data_batch)


def _run(loop: ValLoop | TestLoop, mode: str) -> dict[str, float]:
    runner = loop.runner
    runner.call_hook(f"before_{mode}")
    runner.call_hook(f"before_{mode}_epoch")
    runner.model.eval()
    _run_all(loop)
    metrics: dict[str, float] = loop.evaluator.evaluate(len(loop.dataloader.dataset))
    runner.call_hook(f"after_{mode}_epoch", metrics=metrics)
    runner.call_hook(f"after_{mode}")
    return metrics


def _run_all(loop: ValLoop | TestLoop) -> None:
    """Runs all batches. Ranks agree on errors, because those without one would wait for the others in the metrics."""
    end: Exception | None = None
    ranks = getattr(loop, "ranks", None) or Ranks()
    loop.ranks = ranks  # a group of processes, made once
    try:
        with errors_of_workers_in_one_line():
            for index, batch in enumerate(loop.dataloader):
                loop.run_iter(index, batch)
    except (UserError, OSError) as error:
        if get_world_size() == 1:
            raise
        end = error
    ends = [found for found in ranks.gathered(end) if found]
    if ends:
        raise end or ends[0]


def _run_iter(loop: ValLoop | TestLoop, mode: str, index: int, batch: Any) -> None:
    runner, where = loop.runner, dict(batch_idx=index, data_batch=batch)
    runner.call_hook(f"before_{mode}_iter", **where)
    with torch.autocast(torch.device(get_device()).type, enabled=loop.fp16):
        outputs = getattr(runner.model, f"{mode}_step")(batch)
    loop.evaluator.process(data_samples=outputs, data_batch=batch)
    runner.call_hook(f"after_{mode}_iter", **where, outputs=outputs)
