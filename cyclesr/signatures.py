"""Arguments of classes, read from their source text, because importing torch and the networks takes seconds."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

Parameters = Mapping[str, inspect.Parameter]

_TYPES = {"bool": bool, "int": int, "float": float}


@lru_cache
def registered(folder: str, registry: str) -> dict[str, Parameters | None]:
    """Finds the classes that ``@REGISTRY.register_module()`` registers in a folder of a package.

    Args:
        folder: dotted name of the package, such as ``cyclesr.models``.
        registry: name of the registry's variable, such as ``LOSSES``.

    Returns:
        The arguments of each class by its name in configs; None where the text does not tell.
    """
    path = _path(folder)
    found: dict[str, Parameters | None] = {}
    for file in sorted(path.rglob("*.py")) if path else ():
        if f"@{registry}.register_module" in file.read_text(encoding="utf-8"):
            for name, node in _registered_nodes(_tree(file), registry):
                found[name] = _parameters(file, node)
    return found


def parameters_in(module: str, name: str) -> Parameters | None:
    """Returns the arguments of a class of a module, ``("torch.utils.data.dataloader", "DataLoader")`` for instance.

    They are None if there is no source text.
    """
    path = _path(module)
    file = path.with_suffix(".py") if path else None
    node = _classes(file).get(name) if file and file.is_file() else None
    return _parameters(file, node) if file and node else None


def _path(module: str) -> Path | None:
    """Returns where a module is without a suffix. Only its top-level package is looked up, which imports nothing."""
    package, *inner = module.split(".")
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places)), *inner) if places else None


@lru_cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _classes(file: Path) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in _tree(file).body if isinstance(node, ast.ClassDef)}


def _registered_nodes(tree: ast.Module, registry: str) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef]]:
    for node in (node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))):
        for call in node.decorator_list:
            if isinstance(call, ast.Call) and ast.unparse(call.func) == f"{registry}.register_module":
                names = [k.value.value for k in call.keywords if k.arg == "name" and isinstance(k.value, ast.Constant)]
                yield str(names[0]) if names else node.name, node


def _parameters(file: Path, node: ast.ClassDef | ast.FunctionDef) -> Parameters | None:
    """Returns the arguments of a function, or of the constructor that a class has or inherits."""
    if isinstance(node, ast.FunctionDef):
        return _of_function(node, method=False)
    base = _base(file, node.bases[0]) if node.bases else None
    own = [inner for inner in node.body if isinstance(inner, ast.FunctionDef) and inner.name == "__init__"]
    if own:
        found = _of_function(own[0], method=True)
        return _with_inherited(found, *base) if base and _inherits_arguments(*base) else found
    if not node.bases:
        return {}
    return _parameters(*base) if base else None


def _inherits_arguments(file: Path, node: ast.ClassDef) -> bool:
    """Returns whether a class, or one above it, adds its arguments to those of subclasses by a ``__signature__``."""
    fields = [inner.target for inner in node.body if isinstance(inner, ast.AnnAssign)]
    if any(isinstance(field, ast.Name) and field.id == "__signature__" for field in fields):
        return True
    base = _base(file, node.bases[0]) if node.bases else None
    return base is not None and _inherits_arguments(*base)


def _with_inherited(own: Parameters, file: Path, base: ast.ClassDef) -> Parameters | None:
    """Replaces the ``**`` of a subclass by the arguments of its base, as :class:`AdversarialTranslator` does."""
    inherited = _parameters(file, base)
    if inherited is None or not any(p.kind is p.VAR_KEYWORD for p in own.values()):
        return None if inherited is None else own
    added = [p.replace(kind=p.KEYWORD_ONLY) for name, p in inherited.items() if name not in own]
    return {p.name: p for p in (*own.values(), *added) if p.kind is not p.VAR_KEYWORD}


def _base(file: Path, base: ast.expr) -> tuple[Path, ast.ClassDef] | None:
    """Finds the class of a base: in the same file, or in the module that it is imported from."""
    name = base.value if isinstance(base, ast.Subscript) else base
    if not isinstance(name, ast.Name):
        return None
    if name.id in (here := _classes(file)):
        return file, here[name.id]
    for statement in (node for node in _tree(file).body if isinstance(node, ast.ImportFrom)):
        for alias in statement.names:
            if (alias.asname or alias.name) == name.id:
                return _imported(file, statement, alias.name)
    return None


def _imported(file: Path, statement: ast.ImportFrom, name: str) -> tuple[Path, ast.ClassDef] | None:
    """Finds a class of cyclesr or mmengine that a module imports; a package may have it in any of its modules."""
    inner = (statement.module or "").split(".")
    path = file.parents[statement.level - 1].joinpath(*inner) if statement.level else _path(".".join(inner))
    if path is None or not {"cyclesr", "mmengine"} & set(path.parts):
        return None
    for other in [path.with_suffix(".py")] if not path.is_dir() else sorted(path.glob("*.py")):
        if other.is_file() and name in (found := _classes(other)):
            return other, found[name]
    return None


def _of_function(node: ast.FunctionDef, *, method: bool) -> Parameters:
    kinds = inspect.Parameter
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    defaults = [*[None] * (len(positional) - len(given.defaults)), *given.defaults]
    found = [_parameter(a, kinds.POSITIONAL_OR_KEYWORD, d) for a, d in zip(positional, defaults, strict=True)]
    found += [kinds(given.vararg.arg, kinds.VAR_POSITIONAL)] if given.vararg else []
    found += [_parameter(a, kinds.KEYWORD_ONLY, d) for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    found += [kinds(given.kwarg.arg, kinds.VAR_KEYWORD)] if given.kwarg else []
    return {parameter.name: parameter for parameter in found[1 if method else 0 :]}


def _parameter(argument: ast.arg, kind: "inspect._ParameterKind", default: ast.expr | None) -> inspect.Parameter:
    annotation = argument.annotation
    return inspect.Parameter(
        argument.arg,
        kind,
        default=inspect.Parameter.empty if default is None else ast.unparse(default),
        annotation=_TYPES.get(annotation.id, inspect.Parameter.empty)
        if isinstance(annotation, ast.Name)
        else inspect.Parameter.empty,
    )
