"""What is said of a malformed CSV file when the reason can be found, and when only the line is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Refuse

WIDE = b"x" * 200_000
"""A cell that DuckDB takes, and that Python's reader of CSV files refuses."""


@pytest.mark.rule("V18")
@pytest.mark.parametrize("last", [b"3\n", b"3"], ids=["line end", "no line end"])
def test_after_a_very_wide_cell_a_short_line_is_refused_with_its_number(
    folder: Path, refuse: Refuse, last: bytes
) -> None:
    (folder / "a.csv").write_bytes(b"id,n\n1," + WIDE + b"\n2,y\n" + last)
    assert refuse(file="a.csv").message == "a.csv, line 4: it is not like the lines before it"


@pytest.mark.rule("V18")
def test_after_a_very_wide_cell_another_line_end_is_found(folder: Path, refuse: Refuse) -> None:
    (folder / "a.csv").write_bytes(b"id,n\n1,x\n2," + WIDE + b"\n3,y\r\n4,z\n")
    said = "a.csv, line 4: it ends with '\\r\\n', and the lines before it with '\\n'"
    assert refuse(file="a.csv").message == said
