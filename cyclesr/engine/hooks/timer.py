"""Times of iterations by a clock that does not jump."""

from time import perf_counter
from typing import Any

from mmengine.hooks import IterTimerHook
from mmengine.runner import Runner

from cyclesr.registry import HOOKS


@HOOKS.register_module(name="IterTimerHook")
class SteadyTimerHook(IterTimerHook):
    """mmengine's IterTimerHook with a monotonic clock.

    mmengine's reads the time of day, which jumps when the machine sets its clock: the time left would then be negative
    or centuries. Validation shows no time left.
    """

    def _before_epoch(self, runner: Runner, mode: str = "train") -> None:
        self.t = perf_counter()

    def _before_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, mode: str = "train") -> None:
        runner.message_hub.update_scalar(f"{mode}/data_time", perf_counter() - self.t)

    def _after_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None, mode: str = "train"
    ) -> None:
        now = perf_counter()
        runner.message_hub.update_scalar(f"{mode}/time", now - self.t)
        if mode == "train":
            self.time_sec_tot += now - self.t
            mean = self.time_sec_tot / (runner.iter - self.start_iter + 1)
            runner.message_hub.update_info("eta", mean * (runner.max_iters - runner.iter - 1))
        self.t = now
