"""How Sphinx makes the site of the manual: `make docs`."""

project = "connector-sdk"
author = "the authors of connector-sdk"
copyright = "the authors of connector-sdk"

extensions = ["myst_parser", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_site"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

html_theme = "furo"
html_title = "connector-sdk"
html_theme_options = {"source_directory": "docs/"}
html_show_sphinx = False
html_show_copyright = False
copybutton_prompt_text = "$ "
