"""Tables as text: Markdown, and aligned columns for a terminal."""

from collections.abc import Sequence

Cells = Sequence[str]


def markdown_table(head: Cells, rows: Sequence[Cells]) -> str:
    """Returns a Markdown table without a final newline; bars inside cells are escaped."""
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in (head, *rows)]
    lines = [escaped[0], ["---"] * len(head), *escaped[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def aligned_columns(head: Cells, rows: Sequence[Cells]) -> str:
    """Returns columns two spaces apart, without a final newline."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    return "\n".join(line.rstrip() for line in lines)
