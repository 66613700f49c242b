"""The pages on faults and attacks name tests that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "syncs" / name for name in ("reliability.md", "security.md")]

NAMED = re.compile(r"(?:tests/[\w*/.]+|\btest_\w+\.py)")
ROW = re.compile(r"^\| ([PNDS]\d+) \|", flags=re.MULTILINE)


def find_missing_tests(page: str) -> Iterator[str]:
    """Yield the tests that a page names but that do not exist. A bare file name lies in the folder of the last test."""
    for line in page.splitlines():
        folder = ROOT / "tests"
        for each in NAMED.findall(line):
            path = each.rstrip("./")
            found = list(ROOT.glob(path) if "/" in path else folder.glob(path))
            if not found:
                yield each
            elif found[0].is_file():
                folder = found[0].parent


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    assert list(find_missing_tests(page.read_text(encoding="utf-8"))) == []


def test_a_test_that_is_not_there_is_noticed() -> None:
    page = "| `tests/salesforce/test_tls.py`, `test_nothing.py`, `tests/nowhere/test_tls.py` |"
    assert list(find_missing_tests(page)) == ["test_nothing.py", "tests/nowhere/test_tls.py"]


def test_every_fault_and_attack_has_its_row() -> None:
    rows = [row for page in PAGES for row in ROW.findall(page.read_text(encoding="utf-8"))]
    kinds = {"P": 13, "N": 17, "D": 15, "S": 22}
    assert rows == [f"{kind}{number}" for kind, count in kinds.items() for number in range(1, count + 1)]
