"""The contract of every registered SR network, including those of plugins. Each is built small with its TINY."""

import inspect
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import pytest
import torch
from torch import nn

from cyclesr.errors import UserError
from cyclesr.registry import SR_BACKBONES

SCALES = (2, 3, 4, 8)


def registered() -> dict[str, type[nn.Module]]:
    """Returns the registered networks, without those of test modules and those whose package is not installed."""
    SR_BACKBONES.import_from_location()
    found = {name: kind for name, kind in SR_BACKBONES.module_dict.items() if not kind.__module__.startswith("test_")}
    return {name: kind for name, kind in found.items() if name != "Spandrel" or find_spec("spandrel")}


def tiny(name: str, scale: int, **changes: Any) -> nn.Module:
    return SR_BACKBONES.build(dict(type=name, scale=scale, **{**registered()[name].TINY, **changes}))


def scales(name: str) -> list[int]:
    """Returns the scales that a network supports."""
    found = []
    for scale in SCALES:
        with suppress(UserError):
            tiny(name, scale)
            found.append(scale)
    assert found, f"{name} supports none of the scales {SCALES}"
    return found


@pytest.mark.parametrize("name", sorted(registered()))
def test_the_class_has_a_docstring_and_small_arguments(name: str) -> None:
    kind = registered()[name]
    assert "scale" in inspect.signature(kind).parameters
    assert inspect.getdoc(kind)
    assert "scale" not in kind.TINY


@pytest.mark.parametrize("name", sorted(registered()))
@pytest.mark.parametrize("scale", SCALES)
def test_a_scale_works_on_odd_sizes_or_is_a_clear_error(name: str, scale: int) -> None:
    if scale not in scales(name):
        with pytest.raises(UserError, match=f"found {scale}"):
            tiny(name, scale)
        return
    network = tiny(name, scale)
    with torch.no_grad():
        assert network(torch.rand(2, 3, 5, 7)).shape == (2, 3, 5 * scale, 7 * scale)
        assert network(torch.rand(1, 3, 8, 8)).shape == (1, 3, 8 * scale, 8 * scale)


@pytest.mark.parametrize("name", sorted(registered()))
@pytest.mark.parametrize("scale", [0, -2, "4"])
def test_a_scale_below_1_or_of_text_is_an_error(name: str, scale: Any) -> None:
    with pytest.raises(UserError, match=f"found (the text )?{scale!r}"):
        tiny(name, scale)


@pytest.mark.parametrize("name", sorted(registered()))
def test_every_parameter_gets_a_finite_gradient(name: str) -> None:
    network = tiny(name, scales(name)[0])
    lr = torch.rand(2, 3, 9, 8, requires_grad=True)
    network.train()(lr).square().mean().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []
    assert lr.grad.norm() > 0  # the SR feedback reaches the translator


@pytest.mark.parametrize("name", sorted(registered()))
def test_a_flat_image_gives_finite_gradients(name: str) -> None:
    network = tiny(name, scales(name)[0]).train()
    lr = torch.full((2, 3, 9, 8), 0.5, requires_grad=True)
    network(lr).square().mean().backward()
    assert all(g.isfinite().all() for g in [lr.grad, *(p.grad for p in network.parameters())])


@pytest.mark.parametrize("name", sorted(registered()))
def test_a_copy_with_the_same_weights_gives_the_same_image(name: str) -> None:
    network, copy = (tiny(name, scales(name)[0]) for _ in range(2))
    copy.load_state_dict(network.state_dict())
    lr = torch.rand(1, 3, 7, 6)
    with torch.no_grad():
        kept = lr.clone()
        assert torch.equal(network.eval()(lr), copy.eval()(lr))
    assert torch.equal(lr, kept)  # the input is not changed in place
