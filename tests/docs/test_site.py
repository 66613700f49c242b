"""The manual builds as a site, and a page that leads nowhere breaks the build."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import __main__ as manual

pytestmark = pytest.mark.filterwarnings("ignore:.*Check CHANGES for Sphinx API:PendingDeprecationWarning")


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    assert manual.build_site(tmp_path) == 0
    assert (tmp_path / "index.html").is_file()
    assert (tmp_path / "salesforce" / "errors.html").is_file()


def test_a_broken_link_breaks_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "conf.py").write_bytes((manual.FOLDER / "conf.py").read_bytes())
    (pages / "index.md").write_text("# Manual\n\n[nowhere](missing.md)\n")
    monkeypatch.setattr(manual, "FOLDER", pages)
    assert manual.build_site(tmp_path / "site") != 0
