"""Whatever is registered: a misspelt name lists the nearest, a wrong argument the class and what it takes."""

import inspect

import pytest
from tiny_models import REGISTRIES, config, registered, skip_without_its_package

from cyclesr.errors import UserError
from cyclesr.registry import SR_BACKBONES

EVERY = [
    pytest.param(registry, name, id=f"{kind}-{name}")
    for kind, registry in REGISTRIES.items()
    for name in registered(registry)
]


@pytest.mark.parametrize(("registry", "name"), EVERY)
def test_a_misspelt_name_lists_the_nearest(registry, name) -> None:
    wrong = name + "x"
    with pytest.raises(UserError) as error:
        registry.build(dict(type=wrong))
    message = str(error.value)
    assert f"There is no {registry.name} named {wrong!r}. Did you mean" in message
    assert repr(name) in message.partition("Registered:")[0]


@pytest.mark.parametrize(("registry", "name"), EVERY)
def test_a_wrong_argument_names_the_class_and_its_parameters(registry, name) -> None:
    if registry is SR_BACKBONES:
        skip_without_its_package(registry, name)
    with pytest.raises(UserError) as error:
        registry.build(config(registry, name, no_such_argument=1))
    message = str(error.value)
    assert name in message
    assert "'no_such_argument'" in message
    kind = registered(registry)[name]
    takes_anything = inspect.Parameter.VAR_KEYWORD in {p.kind for p in inspect.signature(kind).parameters.values()}
    parameters = ", ".join(inspect.signature(kind).parameters)
    assert takes_anything or f"It takes: {parameters}. If another type left it there" in message
