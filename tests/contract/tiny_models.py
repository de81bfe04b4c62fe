"""What the contract tests share: everything that is registered, a plugin's classes too, and tiny models of it."""

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models import CollaborativeSR
from cyclesr.optim.parts import PartOptimizersConstructor
from cyclesr.registry import LOSSES, MODELS, SR_BACKBONES, TRANSLATORS, Registry

SCALE, SIDE = 2, 16  # of the SR networks; of the LR images
REGISTRIES = {"translator": TRANSLATORS, "SR network": SR_BACKBONES, "loss": LOSSES}


def registered(registry: Registry) -> dict[str, type]:
    """All classes but those that test modules registered for themselves."""
    registry.import_from_location()
    found = {name: kind for name, kind in registry.module_dict.items() if not kind.__module__.startswith("test_")}
    return dict(sorted(found.items()))


def config(registry: Registry, name: str, **arguments: Any) -> dict[str, Any]:
    """A tiny one, by the class's own ``TINY`` at this scale; losses without one are built by default."""
    kind = registered(registry)[name]
    if "scale" in inspect.signature(kind).parameters:
        arguments = dict(scale=SCALE) | arguments
    assert registry is LOSSES or hasattr(kind, "TINY"), f"{name} needs TINY, the arguments that make it tiny"
    return dict(type=name, **{**getattr(kind, "TINY", {}), **arguments})


def skip_without_its_package(registry: Registry, name: str) -> None:
    """Skips the test of a class that says which optional package to install."""
    try:
        registry.build(config(registry, name))
    except UserError as error:
        if "pip install" not in str(error):
            raise
        pytest.skip(str(error))


def collaborative(translator: str = "CycleGAN", sr: str = "EDSR", **arguments: Any) -> dict[str, Any]:
    """The config of a tiny CollaborativeSR."""
    parts = dict(
        type="CollaborativeSR",
        degradation=dict(type="Bicubic", scale=SCALE),
        translator=config(TRANSLATORS, translator),
        sr=config(SR_BACKBONES, sr),
        sr_loss=dict(type="MSELoss", weight=10.0),
        feedback_weight=10.0,
    )
    return {**parts, **arguments}


def build(config: dict[str, Any]) -> tuple[Any, Any]:
    """A model and an optimizer for each of its parts."""
    model = MODELS.build(config)
    optimizers = {name: dict(optimizer=dict(type="Adam", lr=1e-3)) for name in parts_of(model)}
    return model, PartOptimizersConstructor(optimizers)(model)


def parts_of(model: Any) -> dict[str, nn.Module]:
    """The parts that optimizers train, where the model has them with something to train."""
    return {name: part for name, part in model.parts().items() if any(p.requires_grad for p in part.parameters())}


def batch(side: int = SIDE) -> dict[str, Tensor]:
    """Two HR, two real LR and two paired LR images."""
    lr = torch.rand(2, 3, side, side)
    return dict(hr=torch.rand(2, 3, SCALE * side, SCALE * side), real=torch.rand(2, 3, side, side), lr=lr)


def weights(module: nn.Module) -> dict[str, Tensor]:
    """Copies of all parameters."""
    return {name: parameter.detach().clone() for name, parameter in module.named_parameters()}


def moved(model: nn.Module, before: dict[str, Tensor]) -> set[str]:
    """The names of the parameters that are no longer what they were."""
    return {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}


def names_within(model: nn.Module, part: nn.Module) -> set[str]:
    """The names that a part's parameters have in the model."""
    own = {id(parameter) for parameter in part.parameters()}
    return {name for name, parameter in model.named_parameters() if id(parameter) in own}


def finite(losses: dict[str, Tensor]) -> bool:
    """Whether every value is finite, and no step was skipped."""
    return all(torch.isfinite(value).all() for value in losses.values())


def as_checkpoint(model: CollaborativeSR, config: dict[str, Any]) -> dict[str, Any]:
    """What training writes, as far as inference reads it."""
    return dict(meta=dict(cfg=f"model = {config!r}"), state_dict=model.state_dict(), sr_network=model.sr_entry())
