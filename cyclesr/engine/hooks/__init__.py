"""Hooks of the training, in addition to mmengine's."""

from cyclesr.engine.hooks.checkpoint import LateRemovalCheckpointHook
from cyclesr.engine.hooks.checkpoint_contents import CheckpointContentsHook
from cyclesr.engine.hooks.loss_log import LossLogHook
from cyclesr.engine.hooks.non_finite import NonFiniteHook
from cyclesr.engine.hooks.preview import PreviewHook
from cyclesr.engine.hooks.progress import ProgressHook
from cyclesr.engine.hooks.rank_states import RankStatesHook
from cyclesr.engine.hooks.stage import StageHook
from cyclesr.engine.hooks.timer import SteadyTimerHook
from cyclesr.engine.hooks.warm_up import WarmUpHook

__all__ = [
    "CheckpointContentsHook",
    "LateRemovalCheckpointHook",
    "LossLogHook",
    "NonFiniteHook",
    "PreviewHook",
    "ProgressHook",
    "RankStatesHook",
    "StageHook",
    "SteadyTimerHook",
    "WarmUpHook",
]
