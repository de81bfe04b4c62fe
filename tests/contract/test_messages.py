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


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (dict(tpye="EDSR", scale=4), r"'SR network' needs a 'type'; found tpye, scale\."),
        ({}, r"'SR network' needs a 'type'; found nothing\."),
        (
            dict(type="EDSR", scale=4, tpye="VDSR"),
            r"EDSR takes no argument 'tpye'\. Did you mean 'type'\? It takes: scale",
        ),
        (dict(type="EDSR"), r"^EDSR needs a value for scale\. It takes: scale, channels, .+mean_shift\.$"),
        (dict(type="EDSR", scale="4"), "^scale of EDSR is a whole number, found the text '4'\\.$"),
        (dict(type="EDSR", scale=4, residual_scale="1"), "^residual_scale of EDSR is a number, found the text '1'"),
        (dict(type="EDSR", scale=4, global_skip="no"), "^global_skip of EDSR is True or False, found the text 'no'"),
        (
            dict(type="no_such_package.Net", scale=4),
            "'no_such_package.Net' cannot be imported: ModuleNotFoundError: No",
        ),
        (dict(type="cyclesr.models.backbones.EDRS"), r"'cyclesr.models.backbones' has no 'EDRS'\. Did you mean 'EDSR'"),
    ],
)
def test_mistakes_in_a_config(config, message) -> None:
    with pytest.raises(UserError, match=message) as error:
        SR_BACKBONES.build(config)
    assert "\n" not in str(error.value)


def test_a_module_that_fails_when_imported_names_its_cause(tmp_path, monkeypatch) -> None:
    (tmp_path / "broken_nets.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    cause = (
        "The SR network 'broken_nets.Net' cannot be imported: ModuleNotFoundError: No module named 'no_such_dependency'"
    )
    with pytest.raises(UserError, match=cause):
        SR_BACKBONES.build(dict(type="broken_nets.Net", scale=4))
