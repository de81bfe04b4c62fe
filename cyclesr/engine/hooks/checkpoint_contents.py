"""The content of checkpoints besides weights: the SR network with its config, and the log, as plain data."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner

from cyclesr.registry import HOOKS

LOG_VALUES = 1000  # number of last values kept of each logged scalar; more than the smoothing window of any log


@HOOKS.register_module()
class CheckpointContentsHook(Hook):
    """Adds the SR network with its config to checkpoints, and converts them to plain data.

    Such a checkpoint loads with ``weights_only=True``, which runs no code from the file.
    """

    priority = "VERY_LOW"  # after every hook that changes the checkpoint

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Adds ``sr_network``, and converts the message hub to plain data."""
        with runner.optim_wrapper.averaged_weights():
            checkpoint["sr_network"] = runner.model.sr_entry()
        hub = checkpoint["message_hub"]
        info = {k: _plain_number(v) for k, v in hub["runtime_info"].items() if k != "cfg"}
        checkpoint["message_hub"] = dict(
            log_scalars={name: _as_lists(buffer) for name, buffer in hub["log_scalars"].items()},
            runtime_info=info,
            resumed_keys=dict(hub["resumed_keys"]),
        )

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Rebuilds the buffers of the log, and changes the paths of checkpoints to the current work dir."""
        hub = checkpoint.get("message_hub", {})
        scalars = hub.get("log_scalars", {})
        hub["log_scalars"] = {name: HistoryBuffer(*lists, max_length=LOG_VALUES) for name, lists in scalars.items()}
        info = hub.get("runtime_info", {})
        for key in [key for key in info if key.startswith(("best_ckpt", "last_ckpt"))]:
            info[key] = str(Path(runner.work_dir) / Path(info[key]).name)


def _as_lists(buffer: HistoryBuffer) -> list[list[float]]:
    return [part[-LOG_VALUES:].tolist() for part in buffer.data]


def _plain_number(value: Any) -> Any:
    return value.item() if isinstance(value, (np.generic, torch.Tensor)) and value.ndim == 0 else value
