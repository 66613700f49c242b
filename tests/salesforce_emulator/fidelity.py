"""How the emulator compares with real orgs: `python -m tests.salesforce_emulator.fidelity [FOLDER]`.

Prints a table of the recorded exchanges: compared, equal, different for a stated reason, different without one; and the
reasons. Ends with 1 where an exchange differs without a reason, a reason has no exchange, or more differ than before.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from tests.salesforce_emulator.recorded import DIFFERENCES, SOURCES, Comparison
from tests.salesforce_emulator.recorded_bulk import BULK_SOURCES
from tests.salesforce_emulator.recorded_events import EVENT_SOURCES
from tests.salesforce_emulator.recorded_logins import LOGIN_SOURCES
from tests.salesforce_emulator.recorded_metadata import METADATA_SOURCES
from tests.salesforce_emulator.recorded_soap import SOAP_SOURCES

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"
_SOURCES = {**LOGIN_SOURCES, **SOURCES, **BULK_SOURCES, **SOAP_SOURCES, **METADATA_SOURCES, **EVENT_SOURCES}
MOST_EXPLAINED = 42
"""How many exchanges differ for a stated reason; the number may only shrink."""

_ROW = "{:<32}{:>9}{:>8}{:>11}{:>13}"


def main(folder: Path) -> int:
    """Print the table; how many exchanges differ without a reason or beyond `MOST_EXPLAINED`, and of how many reasons
    no exchange is left.
    """
    if not folder.is_dir():
        print(f"no recordings in {folder}: nothing to compare")
        return 0
    reasons: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    unexplained: list[Comparison] = []
    used: set[str] = set()
    print(_ROW.format("recorded", "compared", "equal", "explained", "unexplained"))
    for name, source in _SOURCES.items():
        found = list(source(folder))
        counts = Counter(_classify(one) for one in found)
        reasons.update(one.reason for one in found if one.differences and one.reason is not None)
        used |= {part for part in DIFFERENCES for one in found if one.differences and part in one.name}
        unexplained += [one for one in found if _classify(one) == "unexplained"]
        totals += counts
        print(_line(name, counts))
    print(_line("all", totals))
    for reason, count in reasons.most_common():
        print(f"  {count:>4}  {reason}")
    for one in unexplained:
        print(f"\n{one.name}\n  " + "\n  ".join(one.differences))
    for part in sorted(DIFFERENCES.keys() - used):
        print(f"\nno exchange differs any more for the reason given for {part!r}")
    beyond = totals["explained"] - MOST_EXPLAINED
    if beyond:
        print(f"\n{totals['explained']} exchanges differ for a reason, {MOST_EXPLAINED} did: say so in MOST_EXPLAINED")
    return len(unexplained) + len(DIFFERENCES.keys() - used) + abs(beyond)


def _classify(one: Comparison) -> str:
    if not one.differences:
        return "equal"
    return "unexplained" if one.reason is None else "explained"


def _line(name: str, counts: Counter[str]) -> str:
    return _ROW.format(name, counts.total(), counts["equal"], counts["explained"], counts["unexplained"])


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDINGS), 1))
