"""Name the modules of which the tests take too few branches, and why: the last step of `make coverage`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

GOAL = 90
"""Percent of the branches of a module."""

_EMULATOR = "plugins/salesforce_emulator/salesforce_emulator"

ARGUED = {
    "connector_sdk/testing/crash/harness.py": "the children that it kills leave no report",
    f"{_EMULATOR}/metadata/standard_value_set.py": "each API reads values as a list, which mypy cannot know",
    f"{_EMULATOR}/pytest_plugin.py": "the long tests take it, in a pytest of their own",
    f"{_EMULATOR}/storage.py": "only an org with a limit is asked, which mypy cannot know",
}
"""The modules that stay below the goal, each with the reason."""


def list_modules_below_goal(report: Mapping[str, Any]) -> list[str]:
    """Return a line for each module below the goal, the lowest share first, with the reason if there is one.

    `report` is the JSON of coverage.py. A module without branches is never below the goal.
    """
    found = []
    for name, module in report["files"].items():
        taken, there = module["summary"]["covered_branches"], module["summary"]["num_branches"]
        if 100 * taken < GOAL * there:
            reason = f" ({ARGUED[name]})" if name in ARGUED else ""
            found.append((taken / there, f"{name}: {taken} of {there}{reason}"))
    return [f"{share:4.0%}  {line}" for share, line in sorted(found)]


def main() -> None:
    """Print the share of all branches, and the modules below the goal; the first argument names the report."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    below, totals = list_modules_below_goal(report), report["totals"]
    print(f"branches: {totals['covered_branches']:,} of {totals['num_branches']:,}; each line is in htmlcov/index.html")
    print(f"modules below {GOAL} %: {len(below)}", *below, sep="\n  ")


if __name__ == "__main__":
    main()
