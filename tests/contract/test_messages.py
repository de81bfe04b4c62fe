"""For every registered class, a misspelt name lists the nearest, and a wrong argument names the class."""

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
    assert registry.name in message
    assert repr(wrong) in message
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
    assert takes_anything or parameters in message


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (dict(tpye="EDSR", scale=4), r"SR network.*'type'.*tpye, scale"),
        ({}, r"SR network.*'type'.*nothing"),
        (dict(type="EDSR", scale=4, tpye="VDSR"), r"EDSR.*'tpye'.*'type'.* scale, channels"),
        (dict(type="EDSR"), r"EDSR.* scale.* scale, channels, .+mean_shift"),
        (dict(type="EDSR", scale="4"), r"scale of EDSR.*'4'"),
        (dict(type="EDSR", scale=4, residual_scale="1"), r"residual_scale of EDSR.*'1'"),
        (dict(type="EDSR", scale=4, global_skip="no"), r"global_skip of EDSR.*True or False.*'no'"),
        (dict(type="no_such_package.Net", scale=4), r"'no_such_package\.Net'.*ModuleNotFoundError"),
        (dict(type="cyclesr.models.backbones.EDRS"), r"cyclesr\.models\.backbones.*'EDRS'.*'EDSR'"),
    ],
)
def test_mistakes_in_a_config(config, message) -> None:
    with pytest.raises(UserError, match=message) as error:
        SR_BACKBONES.build(config)
    assert "\n" not in str(error.value)


def test_a_module_that_fails_when_imported_names_its_cause(tmp_path, monkeypatch) -> None:
    (tmp_path / "broken_nets.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=r"'broken_nets\.Net'.*ModuleNotFoundError.*'no_such_dependency'"):
        SR_BACKBONES.build(dict(type="broken_nets.Net", scale=4))
