"""Stages as a pure function of the iteration."""

import pytest

from cyclesr.engine.hooks import StageHook
from cyclesr.errors import UserError
from cyclesr.models.stages import Stage

T, S, J, F = Stage.TRANSLATION, Stage.SR, Stage.JOINT, Stage.SR_ON_FAKE
PAPER = [dict(name="translation", iters=3), dict(name="sr", iters=2), dict(name="joint")]


def test_stages_follow_each_other() -> None:
    hook = StageHook(PAPER)
    assert [hook.stage_at(i, 10) for i in range(7)] == [T, T, T, S, S, J, J]


def test_fractions_stretch_with_the_training() -> None:
    hook = StageHook([dict(name="translation", fraction=0.4), dict(name="joint")])
    assert [hook.stage_at(i, 5) for i in range(5)] == [T, T, J, J, J]
    assert [hook.stage_at(i, 10) for i in range(6)] == [T, T, T, T, J, J]


def test_translator_steps_are_the_ratio_to_one_joint_step() -> None:
    hook = StageHook([dict(name="joint")], translator_steps=3)
    assert [hook.stage_at(i, 10) for i in range(6)] == [T, T, J, T, T, J]


def test_sr_steps_are_the_ratio_to_one_joint_step() -> None:
    hook = StageHook([dict(name="joint")], sr_steps=2)
    assert [hook.stage_at(i, 10) for i in range(4)] == [J, F, J, F]


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([dict(name="jont")], "stage 'jont'"),
        ([dict(name="sr"), dict(name="joint")], r"every stage except the last.*'iters'.*'fraction'"),
        ([dict(name="joint", iters=5)], r"the last must have neither"),
    ],
)
def test_mistakes(stages: list, message: str) -> None:
    with pytest.raises(UserError, match=message):
        StageHook(stages)
