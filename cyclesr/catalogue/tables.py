"""Rows as columns of text, or as a Markdown table."""

from collections.abc import Sequence

Row = Sequence[str]


def as_text(head: Row, rows: Sequence[Row]) -> str:
    """Columns two spaces apart, the last one as long as it is."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    return "\n".join(line.rstrip() for line in lines)


def as_markdown(head: Row, rows: Sequence[Row]) -> str:
    """A table; bars inside cells are escaped."""
    rule = ["---"] * len(head)
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in (head, *rows)]
    lines = [escaped[0], rule, *escaped[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
