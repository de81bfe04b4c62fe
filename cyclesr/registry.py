"""Every registry of cyclesr: children of mmengine's, scope ``cyclesr``.

A config names a class by a string (``type='UNIT'``). The string is looked up in the registry of its kind, then in
mmengine's; a dotted path (``type='my_package.nets.MyNet'``) is imported, so that any ``nn.Module`` fits unregistered.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mmengine import registry as mmengine_registry

from cyclesr.errors import UserError, did_you_mean
from cyclesr.plugins import load_plugins


class Registry(mmengine_registry.Registry):
    """mmengine's registry, with plugins, and with errors that name what would have been right."""

    def import_from_location(self) -> None:
        """Imports our own modules and the plugins, at the first look-up."""
        if not self._imported:
            super().import_from_location()
            load_plugins()

    @contextmanager
    def switch_scope_and_registry(self, scope: str | None) -> Iterator[mmengine_registry.Registry]:
        """Yields this very registry: several of ours share one parent, so the scope alone cannot find them."""
        if scope in (None, self.scope, "cyclesr"):
            yield self
        else:
            with super().switch_scope_and_registry(scope) as other:
                yield other

    def get(self, key: str) -> type | Callable[..., Any]:
        """Looks a name up.

        Raises:
            UserError: no such name; the message lists the nearest ones.
        """
        try:
            found = super().get(key)
        except RuntimeError:
            found = None
        if found is None:
            known = sorted(self.module_dict or self.parent.module_dict)
            raise UserError(
                f"There is no {self.name} named {key!r}.{did_you_mean(key, known)} Registered: {', '.join(known)}. "
                "A class of your own needs registration (custom_imports in the config, or a plugin) or a dotted path."
            )
        return found

    def build(self, cfg: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Builds the object that a config dict describes.

        Raises:
            UserError: unknown name, or an argument that the class does not take; the message lists those it takes.
        """
        self.check(cfg)
        return super().build(cfg, *args, **kwargs)

    def check(self, cfg: dict[str, Any]) -> None:
        """Raises the errors of :meth:`build` that can be seen without building."""
        kind = cfg.get("type")
        target = self.get(kind) if isinstance(kind, str) else kind
        parameters = inspect.signature(target).parameters if callable(target) else {}
        if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            return
        for name in cfg:
            if name not in parameters and name not in ("type", "_scope_"):
                near = did_you_mean(name, parameters)
                left = " If another type left it there, lay the new part over it with '_delete_': True in it."
                raise UserError(
                    f"{getattr(target, '__name__', target)} takes no argument {name!r}."
                    f"{near} It takes: {', '.join(parameters)}.{'' if near else left}"
                )


def _child(parent: mmengine_registry.Registry, *locations: str) -> Registry:
    """A child of one of mmengine's registries that builds as its parent does."""
    return Registry(
        parent.name, build_func=parent.build_func, parent=parent, scope="cyclesr", locations=list(locations)
    )


MODELS = _child(mmengine_registry.MODELS, "cyclesr.models")
RUNNERS = _child(mmengine_registry.RUNNERS, "cyclesr.engine")
DATASETS = _child(mmengine_registry.DATASETS, "cyclesr.datasets")
DATA_SAMPLERS = _child(mmengine_registry.DATA_SAMPLERS, "cyclesr.engine")
LOOPS = _child(mmengine_registry.LOOPS, "cyclesr.engine")
HOOKS = _child(mmengine_registry.HOOKS, "cyclesr.engine")
OPTIMIZERS = _child(mmengine_registry.OPTIMIZERS)
OPTIM_WRAPPERS = _child(mmengine_registry.OPTIM_WRAPPERS, "cyclesr.engine")
OPTIM_WRAPPER_CONSTRUCTORS = _child(mmengine_registry.OPTIM_WRAPPER_CONSTRUCTORS, "cyclesr.engine")
PARAM_SCHEDULERS = _child(mmengine_registry.PARAM_SCHEDULERS, "cyclesr.engine")
METRICS = _child(mmengine_registry.METRICS, "cyclesr.evaluation")
VISUALIZERS = _child(mmengine_registry.VISUALIZERS)
VISBACKENDS = _child(mmengine_registry.VISBACKENDS)
LOG_PROCESSORS = _child(mmengine_registry.LOG_PROCESSORS)

# The four kinds of models that a config pairs freely. Each has a scope of its own below MODELS, because mmengine
# allows one child a scope; names are looked up by kind, so the scope is never written.
TRANSLATORS = Registry("translator", parent=MODELS, scope="translators", locations=["cyclesr.models.translators"])
SR_BACKBONES = Registry("SR network", parent=MODELS, scope="backbones", locations=["cyclesr.models.backbones"])
LOSSES = Registry("loss", parent=MODELS, scope="losses", locations=["cyclesr.models.losses"])
DEGRADATIONS = Registry("degradation", parent=MODELS, scope="degradations", locations=["cyclesr.models.degradation"])
