"""When each part trains: the stages, and the ratio of translator to SR steps."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from cyclesr.errors import UserError
from cyclesr.models.stages import Stage
from cyclesr.registry import HOOKS


@HOOKS.register_module()
class StageHook(Hook):
    """Sets the stage before every iteration.

    A pure function of the iteration, so that resuming lands in the right one.

    Args:
        stages: ``dict(name=..., iters=...)`` in order; names of :class:`~cyclesr.models.Stage`. ``fraction=...`` of
            the whole training may stand for ``iters``. The last stage has neither and lasts to the end.
        translator_steps, sr_steps: within ``joint``, so many steps of the translator alone before so many joint or
            SR steps: ``(1, 1)`` trains both in each step (the paper). ``(3, 1)`` gives two steps of the translator
            alone, then a joint one; ``(1, 2)`` a joint one, then one of the SR network alone on ``fake_real``.

    Raises:
        UserError: an unknown stage, one without a length before the end, or a ratio without a 1.
    """

    priority = "HIGH"

    def __init__(self, stages: list[dict[str, Any]], translator_steps: int = 1, sr_steps: int = 1) -> None:
        self.stages = [(_stage(s["name"]), s.get("iters"), s.get("fraction")) for s in stages]
        endless = [iters is None and fraction is None for _, iters, fraction in self.stages]
        if any(endless[:-1]) or not endless[-1]:
            raise UserError(
                "StageHook: every stage but the last needs 'iters' or 'fraction', and the last has neither."
            )
        if min(translator_steps, sr_steps) != 1:
            raise UserError("StageHook: translator_steps or sr_steps must be 1; the other one is the ratio.")
        self.translator_steps = translator_steps
        self.sr_steps = sr_steps

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Sets ``model.stage``."""
        runner.model.stage = self.stage_at(runner.iter, runner.max_iters)

    def stage_at(self, iteration: int, max_iters: int) -> Stage:
        """The stage of an iteration, counted from 0, of a training of ``max_iters``."""
        end = 0
        for stage, iters, fraction in self.stages[:-1]:
            end += iters or round((fraction or 0) * max_iters)
            if iteration < end:
                return self._in_ratio(stage, iteration)
        return self._in_ratio(self.stages[-1][0], iteration)

    def _in_ratio(self, stage: Stage, iteration: int) -> Stage:
        if stage is not Stage.JOINT:
            return stage
        position = iteration % max(self.translator_steps, self.sr_steps)
        if self.translator_steps > 1:
            return Stage.JOINT if position == self.translator_steps - 1 else Stage.TRANSLATION
        return Stage.JOINT if position == 0 else Stage.SR_ON_FAKE


def _stage(name: str) -> Stage:
    try:
        return Stage(name)
    except ValueError:
        raise UserError(f"StageHook: no stage {name!r}; there are {', '.join(s.value for s in Stage)}.") from None
