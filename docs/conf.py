"""How `make docs` builds the site: offline, and any warning fails it. The package itself must be importable."""

import lineament

project = "Lineament"
author = "Lineament contributors"
copyright = author
release = lineament.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["_build"]
default_role = "code"
nitpicky = False

myst_enable_extensions = ["colon_fence", "smartquotes"]
myst_heading_anchors = 3

autodoc_default_options = {
    "members": True,
    "imported-members": True,
    "no-value": True,
    "member-order": "bysource",
}
autodoc_typehints = "none"  # the signatures of numpydoc's sections say it in words
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "furo"
html_title = "Lineament"
html_theme_options = {
    "source_repository": "",
    "footer_icons": [],
}
html_show_sphinx = False
html_copy_source = False
