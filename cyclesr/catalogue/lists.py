"""The lists that ``cyclesr list`` prints."""

from pathlib import Path

from cyclesr.catalogue.complexity import scaled
from cyclesr.catalogue.configs import config_row
from cyclesr.catalogue.entries import Entry, entries, matching
from cyclesr.config import config_files
from cyclesr.text_tables import aligned_columns

HEADS = {
    "translators": ("name", "parameters", "MACs at 64x64", "paper", "what"),
    "backbones": ("name", "parameters", "MACs at 64x64", "paper", "what"),
    "losses": ("name", "arguments", "paper", "what"),
    "configs": ("name", "method", "translator", "SR network", "what"),
}


def listing(kinds: str, pattern: str, configs: str | Path) -> str:
    """Returns a list as text.

    Args:
        kinds: a key of :data:`HEADS`.
        pattern: pattern of the names, see :func:`~cyclesr.catalogue.entries.matching`.
        configs: folder of the configs.

    Raises:
        UserError: no name matches the pattern, or there are no configs.
    """
    if kinds == "configs":
        files = matching(config_files(configs), pattern, kinds)
        return aligned_columns(HEADS[kinds], [config_row(name, path) for name, path in files.items()])
    return aligned_columns(HEADS[kinds], [cells(kinds, entry) for entry in entries(kinds, pattern)])


def cells(kinds: str, entry: Entry) -> tuple[str, ...]:
    """Returns the cells of an entry in the columns of :data:`HEADS`."""
    size = (entry.arguments,) if kinds == "losses" else (scaled(entry.parameters), scaled(entry.macs))
    return (entry.name, *size, entry.paper.citation if entry.paper else "-", entry.line)
