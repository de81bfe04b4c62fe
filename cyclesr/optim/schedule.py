"""Learning-rate schedules that are relative to the length of the training."""

import warnings
from typing import Any

from mmengine.optim import _ParamScheduler
from mmengine.optim.scheduler.lr_scheduler import LRSchedulerMixin

from cyclesr.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class LinearDecayLR(LRSchedulerMixin, _ParamScheduler):
    """A constant learning rate that decays linearly to zero at ``end``, which mmengine sets to ``max_iters``.

    The schedule is relative, so that ``--cfg-options train_cfg.max_iters=...`` stretches it with the training.

    Args:
        decay_from: fraction of ``end`` at which the decay starts, in [0, 1).
        stop_at: fraction of ``end`` at which the learning rate reaches zero, in (decay_from, 1].
    """

    def __init__(self, *args: Any, decay_from: float = 0.5, stop_at: float = 1.0, **kwargs: Any) -> None:
        self.decay_from = decay_from
        self.stop_at = stop_at
        super().__init__(*args, **kwargs)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Loads the position of a schedule. The length stays that of the current training, which may be longer."""
        own = ("end", "decay_from", "stop_at")
        super().load_state_dict({name: value for name, value in state_dict.items() if name not in own})

    def step(self) -> None:
        """Advances by one iteration, without torch's warning about parts that have not been trained yet."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Detected call of `scheduler.step")
            super().step()

    def factor(self, step: int) -> float:
        """Returns the multiplier of the initial learning rate after ``step`` steps."""
        start, stop = self.decay_from * self.end, self.stop_at * self.end
        return min(1.0, max(0.0, (stop - step) / (stop - start)))

    def _get_value(self) -> list[float]:
        return [base * self.factor(self.last_step) for base in self.base_values]
