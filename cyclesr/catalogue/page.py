"""The page docs/catalogue.md: cyclesr's own classes, and every pair of them."""

from pathlib import Path

from cyclesr.catalogue.entries import LISTS, classes, entries
from cyclesr.catalogue.lists import HEADS, cells
from cyclesr.text_tables import markdown_table

PAGE = """# Catalogue

Written by `cyclesr list --write docs/catalogue.md`; a test compares. Plugins are in the lists that
`cyclesr list` prints, not on this page.

## Translators

Parameters are those of all generators, as the defaults make them; MACs are those of `degrade`, for one LR image of
64x64.

{translators}

## SR networks

At scale 4, as the defaults make them; MACs are multiply-accumulates of convolutions and matrix products for one LR
image of 64x64. A dash: the class needs more than a scale, or stands for many networks; or its MACs depend on the image.

{backbones}

## Losses

{losses}

The last six are no classes: a translator, or `sr_adversarial` of the model, takes them by these arguments.

## Any translator with any SR network

{count_translators} translators x {count_backbones} SR networks = {pairs} pairs. Each is built, takes two joint steps,
moves what it should and nothing else, is saved and loaded, degrades, and upscales odd sizes in
[tests/contract](../tests/contract/test_pairs.py): some of the pairs in `make test`, all of them in `make test-slow`.
An x says that the pair is among those tests, not that this page has run it: a pair that fails there fails CI.

{matrix}
"""


def page() -> str:
    """The page as Markdown."""
    translators, backbones = own_names("translators"), own_names("backbones")
    matrix = [(backbone, *["x"] * len(translators)) for backbone in backbones]
    return PAGE.format(
        **{kinds: _table(kinds) for kinds in ("translators", "backbones", "losses")},
        count_translators=len(translators),
        count_backbones=len(backbones),
        pairs=len(translators) * len(backbones),
        matrix=markdown_table(("", *translators), matrix),
    )


def own_names(kinds: str) -> list[str]:
    """What cyclesr itself registers, in the order of the names."""
    return [name for name, kind in classes(LISTS[kinds][0]).items() if kind.__module__.startswith("cyclesr.")]


def _table(kinds: str) -> str:
    own = set(own_names(kinds))
    rows = []
    for entry in entries(kinds):
        if entry.name.partition("(")[0] in own:
            name, *others, paper, line = cells(kinds, entry)
            rows.append((f"`{name}`", *others, f"[{paper}]({entry.address})" if entry.address else paper, line))
    return markdown_table(HEADS[kinds], rows)


def write(path: str | Path) -> None:
    """Writes the page."""
    Path(path).write_text(page(), encoding="utf-8")
