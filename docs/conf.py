"""Settings of the documentation site: `make docs` builds it. Nothing is fetched while it is built or read."""

import os
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.ext.apidoc import main as apidoc

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_sphinx"))
# Pages show the help of commands as this interpreter's `cyclesr` prints it.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
os.environ["COLUMNS"] = "100"

project = "cyclesr"
copyright = "the authors of cyclesr"
author = project
html_title = project
html_theme = "furo"
html_show_sphinx = False
exclude_patterns = ["_sphinx", "_build"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinxcontrib.programoutput",
    "mathml",
    "references",
]
html_math_renderer = "mathml"
myst_heading_anchors = 4

autosummary_generate = False
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

# Every reference to cyclesr in a docstring must lead somewhere; those to other packages are left as text.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!cyclesr\.).*")]


def setup(app: Sphinx) -> None:
    """Writes docs/api: a page for each package, with the docstrings of its modules."""
    templates, out = HERE / "_sphinx" / "apidoc", HERE / "api"
    options = ["--force", "--remove-old", "-q", "--no-toc", "--templatedir", str(templates)]
    apidoc([*options, "--output-dir", str(out), str(HERE.parent / "cyclesr")])
