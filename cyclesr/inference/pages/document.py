"""The frame of a page, and the pieces of HTML that several pages share."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import NamedTuple

import cyclesr
from cyclesr.errors import printable

# Nothing may be loaded: what a page shows is in its file.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
<footer>Written by cyclesr {version}. This file contains everything that it shows.</footer>
{script}</body>
</html>
"""


class Section(NamedTuple):
    """A part of a page.

    Attributes:
        title: its heading, and its entry in the list at the top.
        body: HTML.
    """

    title: str
    body: str


def document(title: str, sections: Sequence[Section], *, lead: str = "") -> str:
    """Returns a page, which fits the width of a phone and follows the light or dark theme of the reader.

    Args:
        title: plain text.
        sections: from top to bottom.
        lead: HTML between the title and the sections.
    """
    body = [f"<h1>{escape(title)}</h1>", lead]
    if len(sections) > 1:
        links = (f'<a href="#{_anchor(one.title)}">{escape(one.title)}</a>' for one in sections)
        body.append(f"<nav>{''.join(links)}</nav>")
    body += [
        f'<section id="{_anchor(one.title)}">\n<h2>{escape(one.title)}</h2>\n{one.body}\n</section>' for one in sections
    ]
    script = f"<script>\n{_asset('viewer.js')}</script>\n" if any('class="viewer"' in part for part in body) else ""
    page = _PAGE.format(
        policy=_POLICY,
        title=escape(title),
        style=_asset("page.css"),
        body="\n".join(filter(None, body)),
        version=escape(cyclesr.__version__),
        script=script,
    )
    return printable(page)  # names of files may be no valid text


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _anchor(title: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower())


def paragraph(text: str, kind: str = "") -> str:
    """Returns a paragraph of plain text, of a class of the style sheet."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def bullets(lines: Iterable[str]) -> str:
    """Returns a list of lines of plain text."""
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table of plain text. It scrolls by itself if it is wider than the page."""
    lines = [_row("th", head), *(_row("td", row) for row in rows)]
    return '<div class="table"><table>\n' + "\n".join(lines) + "\n</table></div>"


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def facts(values: Mapping[str, tuple[str, str]]) -> str:
    """Returns a line of boxes: under each title a value, and a remark in small type, which may be empty."""
    return f'<dl class="facts">{"".join(_fact(title, *said) for title, said in values.items())}</dl>'


def _fact(title: str, value: str, remark: str) -> str:
    small = f"<small>{escape(remark)}</small>" if remark else ""
    breakable = re.sub("(?<=[a-z])(?=[A-Z])", "<wbr>", escape(value))  # names of classes are long
    return f"<div><dt>{escape(title)}</dt><dd>{breakable}{small}</dd></div>"


def folded(title: str, text: str) -> str:
    """Returns preformatted text that opens when its title is clicked."""
    return f"<details><summary>{escape(title)}</summary><pre>{escape(text)}</pre></details>"
