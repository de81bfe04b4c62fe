"""What a class says of itself in its docstring, or its module's."""

import inspect
import re
import sys

YEAR = r"(?:19|20)\d\d"
IN_PARENTHESES = rf"\((?P<whole>[A-Z][^()]+ {YEAR})\)"  # (Lim et al., CVPRW 2017)
IN_THE_TEXT = rf"(?P<who>[A-Z][\w-]+ et al\.),? \(?(?P<venue>[A-Z]\w* )?(?P<year>{YEAR})"  # Bulat et al. (ECCV 2018)
REFERENCE = re.compile(f"{IN_PARENTHESES}|{IN_THE_TEXT}")
ADDRESS = re.compile(r"https://arxiv\.org/abs/[\w./-]*\w")
ROLE = re.compile(r":\w+:`~?([^`<]+)`")


def summary(kind: type) -> str:
    """The first line of a class's own docstring, see :func:`first_line`."""
    return first_line(kind.__doc__ or "")


def first_line(text: str) -> str:
    """The first line of a docstring without its reference, its mark-up made plain."""
    line = inspect.cleandoc(text).partition("\n")[0]
    for unwanted in (ADDRESS.pattern, IN_PARENTHESES):
        line = re.sub(f",? ?{unwanted}", "", line)
    return ROLE.sub(lambda match: _plain(match[0], match[1]), line).replace("``", "`").rstrip(".:")


def paper(kind: type) -> tuple[str, str]:
    """The reference of a class, from its own docstring if it has one, else from its module's."""
    return reference(kind.__doc__ or "", sys.modules[kind.__module__].__doc__ or "")


def reference(text: str, module: str = "") -> tuple[str, str]:
    """The reference ``Lim et al., CVPRW 2017`` and the address ``https://arxiv.org/abs/...``; each may be empty.

    Args:
        text: a docstring; the first of each is taken.
        module: that of the module, for what the text lacks.
    """
    for place in (text, module):
        if found := REFERENCE.search(place):
            address = ADDRESS.search(place) or ADDRESS.search(module)
            return found["whole"] or _joined(found), address[0] if address else ""
    return "", ""


def _plain(role: str, text: str) -> str:
    return f"`{text}`" if role.startswith(":math:") else f"`{text.rpartition('.')[2]}`"


def _joined(found: re.Match[str]) -> str:
    return f"{found['who']}, {found['venue']}{found['year']}" if found["venue"] else f"{found['who']} {found['year']}"
