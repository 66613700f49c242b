"""The generated pages say what the code says now."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import __main__ as manual
from docs.generated import PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert not manual.is_outdated(name), f"docs/{name} is out of date: run make docs"


def test_a_page_that_is_out_of_date_is_written_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manual, "FOLDER", tmp_path)
    monkeypatch.setattr(manual, "PAGES", {"old.md": lambda: "new\n", "same.md": lambda: "same\n"})
    (tmp_path / "old.md").write_text("old\n")
    (tmp_path / "same.md").write_text("same\n")

    assert manual.write_pages() == ["old.md"]

    assert (tmp_path / "old.md").read_text() == "new\n"
    assert manual.write_pages() == []
