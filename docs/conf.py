"""The documentation site: ``make docs`` makes it with Sphinx from the Markdown files of the repository."""

import sys
from pathlib import Path

project = "sinterface"
html_title = "sinterface"
html_theme = "furo"
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
html_extra_path = ["site"]  # index.html, which leads to docs/index.html

sys.path.insert(0, str(Path(__file__).parent))
extensions = ["myst_nb", "mathml", "subscripts", "sphinx.ext.autodoc"]
myst_enable_extensions = ["dollarmath"]
html_math_renderer = "mathml"
nb_execution_mode = "off"  # python docs/notebooks.py runs them, and a test does
html_static_path = ["static"]
html_css_files = ["site.css"]
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
