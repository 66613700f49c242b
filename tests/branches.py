"""Name the modules of which the tests take too few branches: the last step of `make coverage`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

GOAL = 90
"""Percent of the branches of a module."""


def list_modules_below_goal(report: Mapping[str, Any]) -> list[str]:
    """Return a line for each module below the goal, the lowest share first; `report` is the JSON of coverage.py.

    A module without branches is never below it.
    """
    found = []
    for name, module in report["files"].items():
        taken, there = module["summary"]["covered_branches"], module["summary"]["num_branches"]
        if 100 * taken < GOAL * there:
            found.append((taken / there, f"{name}: {taken} of {there}"))
    return [f"{share:4.0%}  {line}" for share, line in sorted(found)]


def main() -> None:
    """Print the share of all branches, and the modules below the goal; the first argument names the report."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    below, totals = list_modules_below_goal(report), report["totals"]
    print(f"branches: {totals['covered_branches']:,} of {totals['num_branches']:,}; each line is in htmlcov/index.html")
    print(f"modules below {GOAL} %: {len(below)}", *below, sep="\n  ")


if __name__ == "__main__":
    main()
