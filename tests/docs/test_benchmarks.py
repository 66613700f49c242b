"""The pages about benchmarks say what the benchmarks do, and figures in prose are those of the tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.__main__ import MARKS, PAGE, put_between_marks
from bench.duel import __main__ as duel
from bench.duel.org import faults

ROOT = Path(__file__).parents[2]
BENCHMARKS = PAGE.read_text(encoding="utf-8")
DUEL = (PAGE.parent / "duel.md").read_text(encoding="utf-8")
FIGURE = re.compile(r"\d[\d,.]*\d|\d")


def written_lines(page: str) -> list[str]:
    """Return the lines that the benchmark writes."""
    return page.split(MARKS[0])[1].split(MARKS[1])[0].strip().splitlines()


def section(page: str, heading: str) -> str:
    return page.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def test_the_benchmark_replaces_its_tables_in_the_manual_and_nothing_else() -> None:
    assert put_between_marks(BENCHMARKS, written_lines(BENCHMARKS)) == BENCHMARKS
    changed = put_between_marks(BENCHMARKS, ["| one | line |"])
    assert written_lines(changed) == ["| one | line |"]
    assert put_between_marks(changed, written_lines(BENCHMARKS)) == BENCHMARKS


@pytest.mark.parametrize(
    ("page", "heading"),
    [(PAGE, "What to conclude"), (ROOT / "README.md", "Speed and memory")],
    ids=["manual", "README"],
)
def test_figures_in_prose_are_those_of_the_tables(page: Path, heading: str) -> None:
    said = section(page.read_text(encoding="utf-8"), heading)
    known = {*FIGURE.findall("\n".join(written_lines(BENCHMARKS))), "200"}  # the rows of a request through rest
    figures = FIGURE.findall(re.sub(r"`[^`]*`|\]\(.*?\)", "", said))
    assert len(figures) >= 4
    assert [each for each in figures if each not in known] == []


def test_the_page_of_the_duel_names_its_faults_with_their_rates() -> None:
    rates = [f"{rate:.0%}".replace("%", " %") for rate in (rule["rate"] for rule in faults(1))]
    assert re.findall(r"^\| The org .* \| (\d+ %) \|$", DUEL, flags=re.MULTILINE) == rates


def test_the_page_of_the_duel_names_its_limits() -> None:
    said = " ".join(DUEL.split())
    assert f"at most {duel.ATTEMPTS} times" in said
    assert f"longer than {duel.PATIENCE:.0f} seconds" in said
    assert duel.LATE == 2.0
    assert "Two seconds later" in said
