"""Helpers of the contract tests: all registered classes, including those of plugins, and tiny models of them."""

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
    """Returns all registered classes except those registered by test modules."""
    registry.import_from_location()
    found = {name: kind for name, kind in registry.module_dict.items() if not kind.__module__.startswith("test_")}
    return dict(sorted(found.items()))


def config(registry: Registry, name: str, **arguments: Any) -> dict[str, Any]:
    """Returns the config of a tiny instance: the class's ``TINY`` at :data:`SCALE`. A loss may have no ``TINY``."""
    kind = registered(registry)[name]
    if "scale" in inspect.signature(kind).parameters:
        arguments = dict(scale=SCALE) | arguments
    assert registry is LOSSES or hasattr(kind, "TINY"), f"{name} needs TINY, the arguments that make it tiny"
    return dict(type=name, **{**getattr(kind, "TINY", {}), **arguments})


def skip_without_its_package(registry: Registry, name: str) -> None:
    """Skips the test if the class needs an optional package that is not installed."""
    try:
        registry.build(config(registry, name))
    except UserError as error:
        if "pip install" not in str(error):
            raise
        pytest.skip(str(error))


def collaborative(translator: str = "CycleGAN", sr: str = "EDSR", **arguments: Any) -> dict[str, Any]:
    """Returns the config of a tiny CollaborativeSR."""
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
    """Builds a model and the optimizers of its parts."""
    model = MODELS.build(config)
    optimizers = {name: dict(optimizer=dict(type="Adam", lr=1e-3)) for name in parts_of(model)}
    return model, PartOptimizersConstructor(optimizers)(model)


def parts_of(model: Any) -> dict[str, nn.Module]:
    """Returns the parts of a model that have trainable parameters."""
    return {name: part for name, part in model.parts().items() if any(p.requires_grad for p in part.parameters())}


def batch(side: int = SIDE) -> dict[str, Tensor]:
    """Returns a batch of two HR, two real LR and two paired LR images."""
    lr = torch.rand(2, 3, side, side)
    return dict(hr=torch.rand(2, 3, SCALE * side, SCALE * side), real=torch.rand(2, 3, side, side), lr=lr)


def weights(module: nn.Module) -> dict[str, Tensor]:
    """Returns copies of all parameters."""
    return {name: parameter.detach().clone() for name, parameter in module.named_parameters()}


def moved(model: nn.Module, before: dict[str, Tensor]) -> set[str]:
    """Returns the names of the parameters that have changed."""
    return {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}


def names_within(model: nn.Module, part: nn.Module) -> set[str]:
    """Returns the names of a part's parameters in the model."""
    own = {id(parameter) for parameter in part.parameters()}
    return {name for name, parameter in model.named_parameters() if id(parameter) in own}


def finite(losses: dict[str, Tensor]) -> bool:
    """Returns whether every value is finite."""
    return all(torch.isfinite(value).all() for value in losses.values())


def as_checkpoint(model: CollaborativeSR, config: dict[str, Any]) -> dict[str, Any]:
    """Returns the entries of a training checkpoint that inference reads."""
    return dict(meta=dict(cfg=f"model = {config!r}"), state_dict=model.state_dict(), sr_network=model.sr_entry())
