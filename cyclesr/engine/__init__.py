"""Training: the loop, its hooks and the runner, where they differ from mmengine's."""

from cyclesr.engine.console import ConsoleRunner
from cyclesr.engine.evaluation_loops import TestLoop, ValLoop
from cyclesr.engine.hooks import (
    CheckpointContentsHook,
    LossLogHook,
    NonFiniteHook,
    PreviewHook,
    ProgressHook,
    RankStatesHook,
    StageHook,
)
from cyclesr.engine.loop import ResumableTrainLoop
from cyclesr.engine.runner import Runner
from cyclesr.engine.sampler import EndlessSampler

__all__ = [
    "CheckpointContentsHook",
    "ConsoleRunner",
    "EndlessSampler",
    "LossLogHook",
    "NonFiniteHook",
    "PreviewHook",
    "ProgressHook",
    "RankStatesHook",
    "ResumableTrainLoop",
    "Runner",
    "StageHook",
    "TestLoop",
    "ValLoop",
]
