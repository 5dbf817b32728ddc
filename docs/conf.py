"""The documentation site: ``make docs`` makes it with Sphinx from the Markdown files of the repository."""

import subprocess
import sys
import tomllib
from pathlib import Path

from sinterface.models.phases.database import embedded

ROOT = Path(__file__).resolve().parent.parent


def commit() -> str:
    """The commit that the site is made of, with its day; nothing outside of a checkout."""
    command = ("git", "log", "-1", "--format=%h of %cs")
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""


project = "sinterface"
release = version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
html_title = f"sinterface {release}"
html_context = {"commit": commit(), "phase_data": embedded().fingerprint}
templates_path = ["templates"]
html_sidebars = {
    "**": [f"sidebar/{name}.html" for name in ("brand", "search", "scroll-start", "navigation", "scroll-end")]
    + ["version.html"]
}
html_theme = "furo"
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
html_extra_path = ["site"]  # index.html, which leads to docs/index.html

sys.path.insert(0, str(Path(__file__).parent))
extensions = ["myst_nb", "mathml", "subscripts", "terminal_tables", "sphinx.ext.autodoc"]
myst_enable_extensions = ["dollarmath"]
html_math_renderer = "mathml"
nb_execution_mode = "off"  # python docs/notebooks.py runs them, and a test does
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
root_doc = "docs/index"
include_patterns = [
    "docs/*.md", "docs/static/*", "examples/*.ipynb", "CONTRIBUTING.md", "models/data/README.md"
]  # fmt: skip
exclude_patterns = [".*", "build", "output"]
myst_heading_anchors = 3

default_role = "code"
smartquotes = False
highlight_language = "text"  # of blocks that name none
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
suppress_warnings = ["ref.python"]  # short names of types that two modules use
