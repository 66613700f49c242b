"""Write the generated pages, then build the site of the manual into `docs/_site`: `python -m docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from docs.generated import PAGES

FOLDER = Path(__file__).parent
SITE = FOLDER / "_site"


def write_pages() -> list[str]:
    """Write every generated page that is out of date, and return their names."""
    written = [name for name in PAGES if is_outdated(name)]
    for name in written:
        (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
    return written


def is_outdated(name: str) -> bool:
    """Return whether a page differs from what the code says now."""
    file = FOLDER / name
    return not file.exists() or file.read_text(encoding="utf-8") != PAGES[name]()


def build_site(folder: Path) -> int:
    """Build the site into a folder, and return 0, or another number after a warning such as a broken link."""
    from sphinx.cmd.build import build_main

    strict = ["--quiet", "--nitpicky", "--fail-on-warning", "--keep-going", "--fresh-env"]
    return build_main([*strict, "--doctree-dir", str(folder / ".doctrees"), str(FOLDER), str(folder)])


def main() -> int:
    """Write the pages, build the site, and say where it is."""
    for name in write_pages():
        print(f"docs/{name}: written")
    status = build_site(SITE)
    if status == 0:
        print(f"docs/_site: open {SITE / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
