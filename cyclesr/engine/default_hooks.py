"""Default hooks that a config switches off, such as ``default_hooks.preview=None``."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from cyclesr.errors import UserError

NEEDED_TO_RESUME = ("rank_states", "checkpoint_contents")


def check_default_hooks(config: Config) -> None:
    """Checks the hooks that are switched off, and the number of checkpoints that are kept.

    Raises:
        UserError: a hook is neither a dict nor ``None``, checkpoints could not be resumed exactly, or there would be
            moments without a complete checkpoint.
    """
    hooks = config.get("default_hooks") or {}
    for name, hook in hooks.items():
        if not (hook is None or isinstance(hook, Mapping)):
            raise UserError(
                f"default_hooks.{name} must be a dict of arguments, or None to switch it off, found {hook!r}."
            )
    checkpoint = hooks.get("checkpoint", {})
    if checkpoint is None:
        return
    for name in NEEDED_TO_RESUME:
        if name in hooks and hooks[name] is None:
            raise UserError(
                f"default_hooks.{name}=None: the training could not be resumed exactly from its checkpoints. Keep this "
                "hook, or switch off the checkpoints too: default_hooks.checkpoint=None."
            )
    keep = checkpoint.get("max_keep_ckpts", -1)
    if keep in (0, 1):
        raise UserError(
            f"default_hooks.checkpoint.max_keep_ckpts={keep} would leave no complete checkpoint while the next is "
            "written: keep 2 or more, or -1 for all."
        )


def without_left_out(hooks: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the hooks without those that are ``None``, except mmengine's default hooks, which may be ``None``."""
    mmengines = ("runtime_info", "timer", "sampler_seed", "logger", "param_scheduler", "checkpoint")
    return {name: hook for name, hook in hooks.items() if hook is not None or name in mmengines}
