"""Hooks that mmengine lacks."""

from cyclesr.engine.hooks.checkpoint_contents import CheckpointContentsHook
from cyclesr.engine.hooks.preview import PreviewHook
from cyclesr.engine.hooks.stage import StageHook

__all__ = ["CheckpointContentsHook", "PreviewHook", "StageHook"]
