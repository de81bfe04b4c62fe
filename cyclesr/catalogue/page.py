"""The page docs/catalogue.md: cyclesr's classes without plugins, and all pairs of translators and SR networks."""

from pathlib import Path

from cyclesr.catalogue.entries import ADVERSARIAL, LISTS, classes, entries
from cyclesr.catalogue.lists import HEADS, cells
from cyclesr.text_tables import markdown_table

PAGE = """# Catalogue

`cyclesr list --write docs/catalogue.md` writes this page, and a test checks that it is current. `cyclesr list`
prints the same lists with the plugins that are installed.

## Translators

With default arguments: parameters of all generators, and multiply-accumulates (MACs) of `degrade` for one LR image of
64x64.

{translators}

## SR networks

With default arguments at scale 4; MACs are those of convolutions and matrix products for one LR image of 64x64. A dash
means that the class needs more than a scale, that it makes several networks, or that its MACs depend on the image.

{backbones}

## Losses

{losses}

The last six are not classes: a translator, or `sr_adversarial` of the model, takes them by these arguments.

## Any translator with any SR network

{count_translators} translators x {count_backbones} SR networks = {pairs} pairs.
[tests/contract](../tests/contract/test_pairs.py) tests each: it is built, takes two joint steps, changes only the
weights that it should, is saved and loaded, degrades, and upscales odd sizes. `make test` runs some of the pairs,
`make test-slow` all of them. An x means that the pair is among these tests.

{matrix}
"""


def page() -> str:
    """Returns the page as Markdown."""
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
    """Returns the names of the classes of cyclesr, without those of plugins, sorted."""
    return [name for name, kind in classes(LISTS[kinds][0]).items() if kind.__module__.startswith("cyclesr.")]


def _table(kinds: str) -> str:
    own = {*own_names(kinds), *(entry.name for entry in ADVERSARIAL)}
    rows = []
    for entry in entries(kinds):
        if entry.name.partition("(")[0] in own:
            name, *others, paper, line = cells(kinds, entry)
            linked = f"[{paper}]({entry.paper.address})" if entry.paper and entry.paper.address else paper
            rows.append((f"`{name}`", *others, linked, line))
    return markdown_table(HEADS[kinds], rows)


def write(path: str | Path) -> None:
    """Writes the page to a file."""
    Path(path).write_text(page(), encoding="utf-8")
