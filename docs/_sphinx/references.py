"""References to names that a package shows: `cyclesr.models.Stage` leads to `cyclesr.models.stages.Stage`."""

import pydoc

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element) -> nodes.Element | None:
    """Returns a link to where the name is defined, plain text for data and type variables, None for unknown names."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not target.startswith("cyclesr."):
        return None
    found = pydoc.locate(target)
    if found is None:
        return None
    home = f"{getattr(found, '__module__', '')}.{getattr(found, '__qualname__', '')}"
    python = env.get_domain("py")
    link = python.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], home, node, content)
    return link or content


def setup(app: Sphinx) -> dict[str, bool]:
    """Connects the handler."""
    app.connect("missing-reference", resolve)
    return dict(parallel_read_safe=True)
