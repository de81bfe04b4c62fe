"""One optimizer for each part of the model, stepped in phases that cannot touch each other."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import torch
from mmengine.dist import all_reduce_params
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from cyclesr.errors import UserError, did_you_mean
from cyclesr.optim.precision import Amp, autocast_dtype, loss_scaler
from cyclesr.optim.schedule_free import averaged_weights, use_averages
from cyclesr.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS


class HasParts(Protocol):
    """A model that says which of its parts optimizers train."""

    def parts(self) -> dict[str, nn.Module]:
        """Returns the trainable parts by the names that ``optim_wrapper`` gives their optimizers."""


class Update(NamedTuple):
    """What an update did.

    Attributes:
        losses: the losses as detached scalars, for the log.
        stepped: whether the optimizers stepped, a boolean scalar on the device; None before the last micro-batch.
    """

    losses: dict[str, Tensor]
    stepped: Tensor | None


class PartOptimizers(OptimWrapperDict):
    """The optimizers of a model's parts: ``generators``, ``discriminators``, ``sr``, for instance.

    :meth:`update` differentiates with respect to the parameters of the named parts only. Nothing else receives a
    gradient, so no network needs to be frozen and no gradient leaks into another phase.

    Args:
        amp: mixed precision of forward passes, see :func:`~cyclesr.optim.precision.autocast_dtype`.
        accumulate: micro-batches that a batch is cut into, see :func:`~cyclesr.engine.loop.train_step`.
        max_norms: the largest norm of a part's gradient; a longer one is shortened to it.
        parts: an optimizer wrapper for each part.
    """

    def __init__(
        self,
        amp: Amp = "none",
        accumulate: int = 1,
        max_norms: dict[str, float] | None = None,
        **parts: OptimWrapper,
    ) -> None:
        super().__init__(**parts)
        self.amp = amp
        self.accumulate = accumulate
        self.max_norms = max_norms or {}
        self._dtypes: dict[torch.device, torch.dtype | None] = {}
        self._scalers: dict[str, torch.amp.GradScaler] = {}
        self._loaded_scalers: dict[str, dict[str, Any]] = {}
        self._share, self._completes = 1.0, True
        self._report: dict[str, Tensor] = {}
        self._added: dict[str, dict[str, Tensor]] = {}

    @contextmanager
    def autocast(self, device: torch.device) -> Iterator[None]:
        """Runs forward passes in the configured precision."""
        dtype = self._dtype(device)
        with torch.autocast(device.type, dtype=dtype or torch.bfloat16, enabled=dtype is not None):
            yield

    @contextmanager
    def micro_batch(self, share: float, completes: bool) -> Iterator[None]:
        """Marks losses as those of a share of the batch; the optimizers step only in the one that completes it."""
        self._share, self._completes = share, completes
        try:
            yield
        finally:
            self._share, self._completes = 1.0, True

    @contextmanager
    def adding(self, losses: dict[str, Tensor], part: str) -> Iterator[None]:
        """Adds losses to every update within that steps ``part``, so that they need no step of their own.

        For terms that do not depend on how the rest of the step is organised, such as those of other images.

        Args:
            losses: scalars by names that no other loss has; empty for none.
            part: name of the optimizer.
        """
        self._added = {part: losses} if losses else {}
        try:
            yield
        finally:
            self._added = {}

    def update(self, losses: dict[str, Tensor], *parts: str, keep_graph: bool = False) -> Update:
        """Takes one step of the named parts down the sum of the losses.

        A step whose losses or gradients are not finite, on any rank, leaves weights and optimizers as they are.

        With ``accumulate``, gradients add up over the micro-batches and the parts step with the last one. Within an
        iteration, no phase may therefore rely on weights that an earlier phase has moved.

        Args:
            losses: scalars that share a graph; the dict is left as it is. Those of :meth:`adding` are added.
            parts: names of the optimizers that step.
            keep_graph: other losses on the same graph follow.
        """
        for part in parts:
            losses = _merged(losses, self._added.get(part, {}))
        total = torch.stack([loss.float() for loss in losses.values()]).sum() * self._share
        parameters = [p for part in parts for p in self._parameters(part)]
        scaler = self._scaler(parts, total.device)
        with torch.autocast(total.device.type, enabled=False):
            scaler.scale(total).backward(inputs=parameters, retain_graph=keep_graph)
            stepped = self._step(total.detach(), parts, scaler) if self._completes else None
        return Update({name: loss.detach() for name, loss in losses.items()}, stepped)

    @contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """Has the networks use the weights for inference where an optimizer averages them (``AdamWScheduleFree``)."""
        with averaged_weights(wrapper.optimizer for wrapper in self.optim_wrappers.values()):
            yield

    def finish(self) -> None:
        """Leaves the weights for inference in the networks, after the last step."""
        use_averages(wrapper.optimizer for wrapper in self.optim_wrappers.values())

    def take_report(self) -> dict[str, Tensor]:
        """Returns ``grad_norm_<part>`` (unclipped) and ``skipped`` (1 after a skipped step) since the last call."""
        report, self._report = self._report, {}
        return report

    def state_dict(self) -> dict[str, Any]:
        """Returns the optimizers' states and, with fp16, the loss scales."""
        scales = {f"scale of {parts}": scaler.state_dict() for parts, scaler in self._scalers.items()}
        return {**super().state_dict(), **{name: state for name, state in scales.items() if state}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Loads what :meth:`state_dict` returned; a loss scale is applied at the first step of its parts."""
        scales = {name: state for name, state in state_dict.items() if name.startswith("scale of ")}
        self._loaded_scalers = {name.removeprefix("scale of "): state for name, state in scales.items()}
        super().load_state_dict({name: state for name, state in state_dict.items() if name not in scales})
        for wrapper in self.optim_wrappers.values():
            _lay_out_as_parameters(wrapper.optimizer)

    def _step(self, total: Tensor, parts: tuple[str, ...], scaler: torch.amp.GradScaler) -> Tensor:
        gradients = {part: [p.grad for p in self._parameters(part) if p.grad is not None] for part in parts}
        # The total goes along: every rank learns that one of them was not finite.
        all_reduce_params([total, *(g for grads in gradients.values() for g in grads)], op="mean")
        for part in parts:
            scaler.unscale_(self[part].optimizer)
        norms = {part: get_total_norm(gradients[part]) for part in parts}
        bad = ~torch.stack([total, *(norm.to(total) for norm in norms.values())]).isfinite().all()
        for part in parts:
            if part in self.max_norms:
                clip_grads_with_norm_(self._parameters(part), self.max_norms[part], norms[part])
            _step_unless(bad, self[part])
            self[part].zero_grad()
        scaler.update()
        torch.clear_autocast_cache()  # it holds the weights from before the step
        self._report |= {f"grad_norm_{part}": norm for part, norm in norms.items()}
        self._report["skipped"] = torch.maximum(bad.float(), self._report.get("skipped", bad.float()))
        return ~bad

    def _dtype(self, device: torch.device) -> torch.dtype | None:
        if device not in self._dtypes:
            self._dtypes[device] = autocast_dtype(self.amp, device)
        return self._dtypes[device]

    def _scaler(self, parts: tuple[str, ...], device: torch.device) -> torch.amp.GradScaler:
        """Returns the loss scaler of these parts; its scale must not change between the micro-batches of a batch."""
        name = "+".join(parts)
        if name not in self._scalers:
            self._scalers[name] = loss_scaler(self._dtype(device), device)
            if name in self._loaded_scalers:
                self._scalers[name].load_state_dict(self._loaded_scalers.pop(name))
        return self._scalers[name]

    def _parameters(self, part: str) -> list[Tensor]:
        return [p for group in self[part].optimizer.param_groups for p in group["params"]]


def _merged(losses: dict[str, Tensor], added: dict[str, Tensor]) -> dict[str, Tensor]:
    if both := losses.keys() & added.keys():
        raise UserError(f"Two losses are named {min(both)!r}, and only one would be trained on: rename one.")
    return {**losses, **added}


def _lay_out_as_parameters(optimizer: torch.optim.Optimizer) -> None:
    """Gives the moments the memory format of their parameters, as fused kernels need; a file may have another one."""
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.dim() and value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _step_unless(bad: Tensor, wrapper: OptimWrapper) -> None:
    """Steps unless ``bad``. Fused optimizers decide on the device; for the others, this process waits for the device.

    Fused SGD counts as one of the others: a first step that it skips would leave its momentum uninitialised.
    """
    optimizer = wrapper.optimizer
    if getattr(optimizer, "_step_supports_amp_scaling", False) and not isinstance(optimizer, torch.optim.SGD):
        # The gradients are unscaled already: without grad_scale the kernel only reads found_inf.
        optimizer.grad_scale, optimizer.found_inf = None, bad.float()
        wrapper.step()
    elif not bad:
        wrapper.step()


@OPTIM_WRAPPER_CONSTRUCTORS.register_module(name="PartOptimizers")
class PartOptimizersConstructor:
    """Builds :class:`PartOptimizers` from a config.

    The config has ``amp``, ``accumulate``, and for each part of the model (its method ``parts``) an ``optimizer``
    and optionally ``clip_grad=dict(max_norm=...)``. The optimizer of a part without weights is left out. Adam and its
    variants are fused unless the config says ``fused=False``.

    Raises:
        UserError: a part that the model does not have, a part with weights that no optimizer trains, or another kind
            of ``clip_grad``.
    """

    def __init__(self, optim_wrapper_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None) -> None:
        self.parts = dict(optim_wrapper_cfg)
        self.amp: Amp = self.parts.pop("amp", "none")
        self.accumulate: int = self.parts.pop("accumulate", 1)
        self.parts.pop("type", None)

    def __call__(self, model: HasParts) -> PartOptimizers:
        """Builds the wrappers over the parameters of the model's parts."""
        modules = model.parts()
        for part in self.parts:
            if part not in modules:
                raise UserError(
                    f"optim_wrapper names the part {part!r}, which {type(model).__name__} does not have."
                    f"{did_you_mean(part, modules)} Its parts: {', '.join(modules)}."
                )
        trained = {parameter for part in self.parts for parameter in modules[part].parameters()}
        for part, module in modules.items():
            if part not in self.parts and not trained.issuperset(module.parameters()):
                raise UserError(f"optim_wrapper has no optimizer for the part {part!r} of {type(model).__name__}.")
        parts = {part: cfg for part, cfg in self.parts.items() if any(True for _ in modules[part].parameters())}
        norms = {part: _max_norm(part, cfg["clip_grad"]) for part, cfg in parts.items() if cfg.get("clip_grad")}
        wrappers = {part: _wrap(modules[part], cfg) for part, cfg in parts.items()}
        return PartOptimizers(self.amp, self.accumulate, norms, **wrappers)


def _max_norm(part: str, clip_grad: dict[str, Any]) -> float:
    if set(clip_grad) != {"max_norm"}:
        raise UserError(f"optim_wrapper.{part}.clip_grad is dict(max_norm=...), found the keys {sorted(clip_grad)}.")
    return float(clip_grad["max_norm"])


def _wrap(module: nn.Module, cfg: dict[str, Any]) -> OptimWrapper:
    settings = {"type": "OptimWrapper", **cfg, "clip_grad": None}
    parameters = [p for p in module.parameters() if p.requires_grad]
    settings["optimizer"] = OPTIMIZERS.build({**_fused(cfg["optimizer"]), "params": parameters})
    return OPTIM_WRAPPERS.build(settings)


def _fused(optimizer: dict[str, Any]) -> dict[str, Any]:
    """Asks for the fused implementation, the fastest on CPU and GPU, of an optimizer that has one."""
    kind = optimizer["type"]
    known = inspect.signature(OPTIMIZERS.get(kind) if isinstance(kind, str) else kind).parameters
    if "fused" in known and not {"fused", "foreach", "capturable", "differentiable"} & set(optimizer):
        return {**optimizer, "fused": True}
    return optimizer
