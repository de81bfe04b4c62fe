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
    """The first line without its reference, its mark-up made plain."""
    line = (inspect.getdoc(kind) or "").partition("\n")[0]
    for unwanted in (ADDRESS.pattern, IN_PARENTHESES):
        line = re.sub(f",? ?{unwanted}", "", line)
    return ROLE.sub(lambda match: _plain(match[0], match[1]), line).replace("``", "`").rstrip(".:")


def paper(kind: type) -> tuple[str, str]:
    """The reference ``Lim et al., CVPRW 2017`` and the address ``https://arxiv.org/abs/...``; each may be empty.

    The first of each is taken, from the class's docstring if it has a reference, else from its module's.
    """
    module = sys.modules[kind.__module__].__doc__ or ""
    for text in (kind.__dict__.get("__doc__") or "", module):
        if found := REFERENCE.search(text):
            address = ADDRESS.search(text) or ADDRESS.search(module)
            return found["whole"] or _joined(found), address[0] if address else ""
    return "", ""


def _plain(role: str, text: str) -> str:
    return f"`{text}`" if role.startswith(":math:") else f"`{text.rpartition('.')[2]}`"


def _joined(found: re.Match[str]) -> str:
    return f"{found['who']}, {found['venue']}{found['year']}" if found["venue"] else f"{found['who']} {found['year']}"
