"""The house: a room uses only the rooms below it. Every import is read, those inside functions too."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import cyclesr

PACKAGE = Path(cyclesr.__file__).parent
# From the top to the bottom. Files that lie in the package itself are the ground that all rooms stand on.
ROOMS = (
    "__main__",
    "cli",
    "catalogue",
    "experiments",
    "engine",
    "inference",
    "models",
    "datasets",
    "optim",
    "checkpoints",
    "metrics",
    "degradations",
    "images",
    "ground",
)
GROUND = {
    "atomic_write",
    "config",
    "descriptions",
    "errors",
    "imagenet_weights",
    "moved",
    "plugins",
    "progress",
    "registry",
    "signatures",
    "text_tables",
    "workers",
}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports_of(path: Path) -> Iterator[str]:
    """The modules of cyclesr that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "cyclesr")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide arrows"
            if node.module and node.module.split(".")[0] == "cyclesr":
                whole = (f"{node.module}.{alias.name}" for alias in node.names)
                yield from (name if name in MODULES else node.module for name in whole)


def room_of(module: str) -> str:
    parts = module.split(".")
    return "ground" if len(parts) == 1 or parts[1] in GROUND else parts[1]


ARROWS = sorted({(name, target) for name, path in MODULES.items() for target in imports_of(path)})


def test_every_module_lies_in_a_known_room() -> None:
    assert {room_of(name) for name in MODULES} == set(ROOMS)
    assert {target for _, target in ARROWS} <= MODULES.keys()


@pytest.mark.parametrize("room", ROOMS)
def test_no_arrow_runs_up(room: str) -> None:
    up = [f"{a} -> {b}" for a, b in ARROWS if room_of(a) == room and ROOMS.index(room_of(b)) < ROOMS.index(room)]
    assert not up


def test_no_arrows_run_in_a_circle() -> None:
    graph: dict[str, set[str]] = {name: set() for name in MODULES}
    for a, b in ARROWS:
        # A package stands for what its __init__ shows: its own files may not import it.
        graph[a].add(b)
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_no_folders_of_models_run_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for a, b in ARROWS:
        ends = [".".join(name.split(".")[:3]) for name in (a, b)]
        if all(end.startswith("cyclesr.models.") for end in ends) and ends[0] != ends[1]:
            graph.setdefault(ends[0], set()).add(ends[1])
    TopologicalSorter(graph).prepare()
