"""Every registry of cyclesr: children of mmengine's, scope ``cyclesr``.

A config names a class by a string (``type='UNIT'``). The string is looked up in the registry of its kind, then in
mmengine's; a dotted path (``type='my_package.nets.MyNet'``) is imported, so that any ``nn.Module`` fits unregistered.
"""

import importlib
import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Number
from typing import Any, NoReturn

from mmengine import registry as mmengine_registry

from cyclesr.errors import UserError, did_you_mean
from cyclesr.plugins import has_plugins, load_plugins
from cyclesr.signatures import Parameters, registered

# Where mmengine's own classes of a kind are, and only there.
_OF_MMENGINE = {"HOOKS": ("hooks",), "LOOPS": ("runner",), "DATA_SAMPLERS": ("dataset",)}


class Registry(mmengine_registry.Registry):
    """mmengine's registry, with plugins, and with errors that name what would have been right."""

    def import_from_location(self) -> None:
        """Imports our own modules and the plugins, at the first look-up."""
        if not self._imported:
            super().import_from_location()
            load_plugins()

    @contextmanager
    def switch_scope_and_registry(self, scope: str | None) -> Iterator[mmengine_registry.Registry]:
        """Yields this registry itself: several of ours share one parent, so the scope does not identify them."""
        if scope in (None, self.scope, "cyclesr"):
            yield self
        else:
            with super().switch_scope_and_registry(scope) as other:
                yield other

    def get(self, key: str) -> type | Callable[..., Any]:
        """Looks a name up.

        Raises:
            UserError: no such name, the message lists the nearest ones; or a dotted path that cannot be imported.
        """
        if key.startswith("cyclesr.") and key.count(".") > 1:  # mmengine takes the package for a scope, and cuts it off
            return self._imported_from(key)
        try:
            found = super().get(key)
        except RuntimeError:
            found = None
        return found or (self._imported_from(key) if "." in key else self._refuse_name(key))

    def _refuse_name(self, key: str, known: Iterable[str] = ()) -> NoReturn:
        of_models = self.parent in (MODELS, mmengine_registry.MODELS)
        inherited = {} if of_models and self.module_dict else self.parent.module_dict
        known = sorted({*known, *self.module_dict, *inherited})
        raise UserError(
            f"There is no {self.name} named {key!r}.{did_you_mean(key, known)} Registered: {', '.join(known)}. "
            "A class of your own needs registration (custom_imports in the config, or a plugin) or a dotted path."
        )

    def _imported_from(self, path: str) -> Any:
        """Imports what a dotted path names; mmengine's error does not say why it cannot."""
        module_name, _, name = path.rpartition(".")
        try:
            module = importlib.import_module(module_name)
        except Exception as error:  # the module may be anybody's
            raise UserError(
                f"The {self.name} {path!r} cannot be imported: {type(error).__name__}: {error}. A module of your own "
                "must be installed, or lie where Python looks (PYTHONPATH)."
            ) from error
        if not hasattr(module, name):
            raise UserError(f"The module {module_name!r} has no {name!r}.{did_you_mean(name, vars(module))}")
        return getattr(module, name)

    def build(self, cfg: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Builds the object that a config dict describes.

        Raises:
            UserError: see :meth:`check`.
        """
        self.check(cfg, supplied=kwargs.get("default_args") or ())
        return super().build(cfg, *args, **kwargs)

    def parameters(self, kind: str | type | Callable[..., Any]) -> Parameters:
        """Returns the arguments that a ``type`` takes, by name.

        Before the first look-up they are read from the source text, which takes much less time than importing.

        Raises:
            UserError: an unknown name.
        """
        if isinstance(kind, str) and not self._imported and (found := self._parameters_in_source(kind)) is not None:
            return found
        target = self.get(kind) if isinstance(kind, str) else kind
        try:
            return inspect.signature(target).parameters if callable(target) else {}
        except ValueError:  # a class or function in C without a signature
            return {}

    def _parameters_in_source(self, key: str) -> Parameters | None:
        """Returns the arguments as the source text says them; None if only importing tells.

        Raises:
            UserError: a name that neither cyclesr nor a plugin has.
        """
        variable = next((name for name, value in globals().items() if value is self), "")
        folders = [*self._locations, *(f"mmengine.{f}" for f in _OF_MMENGINE.get(variable, ()))]
        known = {name: p for folder in reversed(folders) for name, p in registered(folder, variable).items()}
        if "." in key or key in known or not (variable in _OF_MMENGINE or self.parent is MODELS):
            return known.get(key)
        if any(key in there.module_dict for there in (self, self.parent, mmengine_registry.MODELS)) or has_plugins():
            return None
        return self._refuse_name(key, known)

    def check(self, cfg: dict[str, Any], supplied: Collection[str] = ()) -> None:
        """Raises the errors of :meth:`build` that can be seen without building.

        Args:
            cfg: ``type`` and arguments.
            supplied: arguments that whoever builds it adds.

        Raises:
            UserError: no ``type``, an unknown name, an argument that the class does not take, one that it needs, or
                text in place of a number; the message lists what it takes.
        """
        if not isinstance(cfg, dict):
            raise UserError(f"A config of the kind {self.name!r} must be a dict with a 'type', found {cfg!r:.100}.")
        kind = cfg.get("type")
        if not (isinstance(kind, str) or callable(kind)):
            found = f"type={kind!r:.100}" if "type" in cfg else ", ".join(map(str, cfg)) or "nothing"
            raise UserError(f"A config of the kind {self.name!r} needs a 'type', the name of a class; found {found}.")
        parameters = self.parameters(kind)
        name = kind.rpartition(".")[2] if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
        given = cfg.keys() - {"type", "_scope_"}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            _refuse_unknown(name, [key for key in cfg if key in given], parameters)
        _refuse_missing(name, given | set(supplied), parameters)
        _refuse_text({key: cfg[key] for key in given & parameters.keys()}, name, parameters)


def _refuse_unknown(owner: str, given: Iterable[str], parameters: Parameters) -> None:
    for name in given:
        if name not in parameters:
            near = did_you_mean(name, [*parameters, "type"])
            left = " If another type left it there, lay the new part over it with '_delete_': True in it."
            raise UserError(
                f"{owner} takes no argument {name!r}.{near} It takes: {', '.join(parameters)}.{'' if near else left}"
            )


def _refuse_missing(owner: str, given: Collection[str], parameters: Parameters) -> None:
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    needed = [p.name for p in parameters.values() if p.default is p.empty and p.kind in kinds]
    if missing := [name for name in needed if name not in given]:
        raise UserError(f"{owner} needs a value for {', '.join(missing)}. It takes: {', '.join(parameters)}.")


def _refuse_text(given: Mapping[str, Any], owner: str, parameters: Parameters) -> None:
    for name, value in given.items():
        wanted = parameters[name].annotation
        if isinstance(value, str) and wanted in (bool, int, float):
            raise UserError(f"{name} of {owner} is {_WORDS[wanted]}, found the text {value!r:.100}.")
        if wanted in (bool, int, float) and not isinstance(value, Number):
            raise UserError(f"{name} of {owner} is {_WORDS[wanted]}, found {value!r:.100}.")


_WORDS = {bool: "True or False", int: "a whole number", float: "a number"}


def _child(parent: mmengine_registry.Registry, *locations: str) -> Registry:
    """Makes a child of one of mmengine's registries that builds as its parent does."""
    return Registry(
        parent.name, build_func=parent.build_func, parent=parent, scope="cyclesr", locations=list(locations)
    )


MODELS = _child(mmengine_registry.MODELS, "cyclesr.models")
RUNNERS = _child(mmengine_registry.RUNNERS, "cyclesr.engine")
DATASETS = _child(mmengine_registry.DATASETS, "cyclesr.datasets")
DATA_SAMPLERS = _child(mmengine_registry.DATA_SAMPLERS, "cyclesr.engine")
LOOPS = _child(mmengine_registry.LOOPS, "cyclesr.engine")
HOOKS = _child(mmengine_registry.HOOKS, "cyclesr.engine")
OPTIMIZERS = _child(mmengine_registry.OPTIMIZERS, "cyclesr.optim")
OPTIM_WRAPPERS = _child(mmengine_registry.OPTIM_WRAPPERS, "cyclesr.optim")
OPTIM_WRAPPER_CONSTRUCTORS = _child(mmengine_registry.OPTIM_WRAPPER_CONSTRUCTORS, "cyclesr.optim")
PARAM_SCHEDULERS = _child(mmengine_registry.PARAM_SCHEDULERS, "cyclesr.optim")
METRICS = _child(mmengine_registry.METRICS, "cyclesr.metrics")
VISUALIZERS = _child(mmengine_registry.VISUALIZERS)
VISBACKENDS = _child(mmengine_registry.VISBACKENDS)
LOG_PROCESSORS = _child(mmengine_registry.LOG_PROCESSORS)

# The four kinds of models that a config pairs freely. Each has a scope of its own below MODELS, because mmengine
# allows one child a scope; names are looked up by kind, so the scope is never written.
TRANSLATORS = Registry("translator", parent=MODELS, scope="translators", locations=["cyclesr.models.translators"])
SR_BACKBONES = Registry("SR network", parent=MODELS, scope="backbones", locations=["cyclesr.models.backbones"])
LOSSES = Registry("loss", parent=MODELS, scope="losses", locations=["cyclesr.models.losses"])
DEGRADATIONS = Registry("degradation", parent=MODELS, scope="degradations", locations=["cyclesr.degradations"])
