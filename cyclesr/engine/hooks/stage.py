"""The schedule of stages, and the ratio of translator steps to SR steps."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from cyclesr.errors import UserError
from cyclesr.models.stages import Stage
from cyclesr.registry import HOOKS


@HOOKS.register_module()
class StageHook(Hook):
    """Sets the stage of the model before every iteration.

    The stage depends only on the iteration, so that a resumed training continues in the right stage.

    Args:
        stages: ``dict(name=..., iters=...)`` per stage, in order. Names are those of :class:`~cyclesr.models.Stage`.
            ``fraction=...`` of the training can replace ``iters``. The last stage has neither and lasts to the end.
        translator_steps: within ``joint``, number of steps of the translator per step of the SR network. ``3`` gives
            two steps of only the translator, then a joint step.
        sr_steps: within ``joint``, number of steps of the SR network per step of the translator. ``2`` gives a joint
            step, then a step of only the SR network on ``fake_real``. If both are 1, both parts train in each step, as
            in the paper.

    Raises:
        UserError: a stage is unknown, a stage before the last has no length, the last one has a length, or neither
            ``translator_steps`` nor ``sr_steps`` is 1.
    """

    priority = "HIGH"

    def __init__(self, stages: list[dict[str, Any]], translator_steps: int = 1, sr_steps: int = 1) -> None:
        self.stages = [(_stage(s["name"]), s.get("iters"), s.get("fraction")) for s in stages]
        endless = [iters is None and fraction is None for _, iters, fraction in self.stages]
        if any(endless[:-1]) or not endless[-1]:
            raise UserError(
                "StageHook: every stage except the last needs 'iters' or 'fraction', and the last must have neither."
            )
        if min(translator_steps, sr_steps) != 1:
            raise UserError(
                f"StageHook: translator_steps or sr_steps must be 1, found {translator_steps} and {sr_steps}."
            )
        self.translator_steps = translator_steps
        self.sr_steps = sr_steps

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Sets ``model.stage``."""
        runner.model.stage = self.stage_at(runner.iter, runner.max_iters)

    def stage_at(self, iteration: int, max_iters: int) -> Stage:
        """Returns the stage of an iteration, counted from 0, in a training of ``max_iters`` iterations."""
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
        raise UserError(
            f"StageHook: unknown stage {name!r}, choose from {', '.join(s.value for s in Stage)}."
        ) from None
