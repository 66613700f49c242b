"""The manual and the examples order text of digits as numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("plugins/*/README.md"))]
PROJECTS = sorted((ROOT / "examples").rglob("*.yml"))


@pytest.mark.rule("V9")
def test_the_manual_orders_csv_files_by_no_bare_column() -> None:
    found = [
        (document.name, order)
        for document in (*DOCUMENTS, *PROJECTS)
        for order in re.findall(r"from '[^']*\.csv'.* order by ([^\"\n]+)", document.read_text(encoding="utf-8"))
    ]
    assert found
    assert [(name, order) for name, order in found if not order.startswith("cast(")] == []
