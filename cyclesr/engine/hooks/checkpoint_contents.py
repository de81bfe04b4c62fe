"""What a checkpoint holds beside weights: everything needed to continue, and to use the SR network alone."""

import random
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from cyclesr.registry import HOOKS


@HOOKS.register_module()
class CheckpointContentsHook(Hook):
    """Adds the SR network with its config and the random generators' states; keeps plain data only.

    A checkpoint then loads with ``weights_only=True``, which runs no code from the file.
    """

    priority = "VERY_LOW"  # after every hook that changes the checkpoint

    def __init__(self) -> None:
        self._resumed: list[dict[str, Any]] | None = None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Adds ``sr_network`` and ``random_states``, and makes the message hub plain."""
        model = runner.model
        checkpoint["sr_network"] = dict(
            config=model.sr_config,
            scale=int(model.sr_config.get("scale", 0)),
            state_dict={k: v.detach().cpu() for k, v in model.inference_network.state_dict().items()},
        )
        checkpoint["random_states"] = [random_state()]
        hub = checkpoint["message_hub"]
        info = {k: _plain_number(v) for k, v in hub["runtime_info"].items() if k != "cfg"}
        checkpoint["message_hub"] = dict(log_scalars={}, runtime_info=info, resumed_keys=dict(hub["resumed_keys"]))

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Keeps the random states until the first step: building, loading and starting a data loader draw too."""
        self._resumed = checkpoint.get("random_states") if runner._resume else None

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Sets the random generators to where the checkpoint left them."""
        if self._resumed:
            set_random_state(self._resumed[get_rank() % len(self._resumed)])
            self._resumed = None


def random_state() -> dict[str, Any]:
    """The states of Python's, numpy's and torch's generators, as tensors and plain numbers."""
    kind, keys, *rest = np.random.get_state()
    version, python, gauss = random.getstate()
    state = dict(
        python=[version, list(python), gauss],
        numpy=[kind, torch.from_numpy(keys.astype(np.int64)), *rest],
        torch=torch.get_rng_state(),
    )
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def set_random_state(state: dict[str, Any]) -> None:
    """The inverse of :func:`random_state`."""
    version, python, gauss = state["python"]
    random.setstate((version, tuple(python), gauss))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.cpu().numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"].cpu())
    if torch.cuda.is_available() and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"].cpu())


def _plain_number(value: Any) -> Any:
    return value.item() if isinstance(value, (np.generic, torch.Tensor)) and value.ndim == 0 else value
