"""One optimizer for each part of the model, stepped in phases that cannot touch each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.dist import all_reduce_params
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from cyclesr.engine.precision import Amp, autocast_dtype
from cyclesr.errors import UserError, did_you_mean
from cyclesr.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS

PARTS = {"generators": "translator.generators", "discriminators": "translator.discriminators", "sr": "sr"}


class PartOptimizers(OptimWrapperDict):
    """The optimizers of ``generators``, ``discriminators`` and ``sr``.

    :meth:`update` differentiates with respect to the parameters of the named parts alone: nothing else receives a
    gradient, so that no network needs to be frozen and no gradient leaks into another phase.

    Args:
        amp: mixed precision of forward passes, see :func:`~cyclesr.engine.precision.autocast_dtype`.
        parts: an optimizer wrapper for each part.
    """

    def __init__(self, amp: Amp = "none", **parts: OptimWrapper) -> None:
        super().__init__(**parts)
        self.amp = amp
        self._dtypes: dict[torch.device, torch.dtype | None] = {}

    @contextmanager
    def autocast(self, device: torch.device) -> Iterator[None]:
        """Runs forward passes in the configured precision."""
        if device not in self._dtypes:
            self._dtypes[device] = autocast_dtype(self.amp, device)
        dtype = self._dtypes[device]
        with torch.autocast(device.type, dtype=dtype or torch.bfloat16, enabled=dtype is not None):
            yield

    def update(self, losses: dict[str, Tensor], *parts: str) -> None:
        """One step of the named parts down the sum of the losses; afterwards the losses are detached in place.

        Args:
            losses: scalars that share a graph.
            parts: names of the optimizers that step.
        """
        total = torch.stack([loss.float() for loss in losses.values()]).sum()
        parameters = [p for part in parts for p in self._parameters(part)]
        for part in parts:
            self[part].zero_grad()
        with torch.autocast(total.device.type, enabled=False):
            total.backward(inputs=parameters)
            all_reduce_params([p.grad for p in parameters if p.grad is not None], op="mean")
            for part in parts:
                self[part].step()
        for part in parts:
            self[part].zero_grad()
        losses.update({name: loss.detach() for name, loss in losses.items()})

    def _parameters(self, part: str) -> list[Tensor]:
        return [p for group in self[part].optimizer.param_groups for p in group["params"]]


@OPTIM_WRAPPER_CONSTRUCTORS.register_module(name="PartOptimizers")
class PartOptimizersConstructor:
    """Builds :class:`PartOptimizers` from a config: ``amp``, and for each part an ``optimizer`` and its ``clip_grad``.

    Raises:
        UserError: a part that the model does not have, or one of its parts without an optimizer.
    """

    def __init__(self, optim_wrapper_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None) -> None:
        self.parts = dict(optim_wrapper_cfg)
        self.amp: Amp = self.parts.pop("amp", "none")
        self.parts.pop("type", None)

    def __call__(self, model: nn.Module) -> PartOptimizers:
        """Builds the wrappers over the parameters of the model's parts."""
        modules = {part: _submodule(model, path) for part, path in PARTS.items()}
        modules = {part: module for part, module in modules.items() if module is not None}
        for part in self.parts:
            if part not in modules:
                raise UserError(
                    f"optim_wrapper names the part {part!r}, which {type(model).__name__} does not have."
                    f"{did_you_mean(part, modules)} Its parts: {', '.join(modules)}."
                )
        for part, module in modules.items():
            if part not in self.parts and any(True for _ in module.parameters()):
                raise UserError(f"optim_wrapper has no optimizer for the part {part!r} of {type(model).__name__}.")
        return PartOptimizers(amp=self.amp, **{part: _wrap(modules[part], cfg) for part, cfg in self.parts.items()})


def _submodule(model: nn.Module, path: str) -> nn.Module | None:
    try:
        return model.get_submodule(path)
    except AttributeError:
        return None


def _wrap(module: nn.Module, cfg: dict[str, Any]) -> OptimWrapper:
    settings = {"type": "OptimWrapper", **cfg}
    parameters = [p for p in module.parameters() if p.requires_grad]
    settings["optimizer"] = OPTIMIZERS.build({**cfg["optimizer"], "params": parameters})
    # A copy: mmengine takes keys out of the dict, and several parts of a config may share it.
    settings["clip_grad"] = dict(cfg["clip_grad"]) if cfg.get("clip_grad") else None
    return OPTIM_WRAPPERS.build(settings)
