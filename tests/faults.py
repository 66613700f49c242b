"""Which tests show which rule about known faults: `make faults` prints it.

A test bears the ids of its rules as marks: `@pytest.mark.rule("V1")`. A rule needs a test for the input that broke it
once, and tests for at least two neighbours of that input.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections import defaultdict

import pytest

RULES = {
    "V1": "A key has one text, whatever number type its column has, and a known row keeps the spelling that was sent.",
    "V2": "So do decimals, match columns beside the primary key, lookup values and the keys of archived rows.",
    "V3": "Known keys that come back in another spelling stop the run.",
    "V4": "Types of many files are unified without loss or refused.",
    "V5": "A path never becomes a column unless the model asks for it.",
    "V6": "A cast that loses something rejects the row.",
    "V7": "Two columns of one name are an error where the name is used.",
    "V8": "A number arrives as its exact text or not at all.",
    "V9": "Ordering by a text column of digits is warned about.",
    "V10": "The Python API checks what the project file checks.",
    "V11": "A stream that was read is not read again as an empty model.",
    "V12": "Decimals beyond the field's scale are sent as they are, or rounded where the mapping says so.",
    "V13": "Text booleans are read as Data Loader reads them.",
    "V14": "Salesforce's own form of a date-time is read.",
    "V15": "A list joins into a multi-select, a struct or a list becomes JSON in a text field.",
    "V16": "A lookup compares text as the destination's search does, and blanks mean nothing.",
    "V17": "What does no harm stops nothing: blanks around an id, a huge number in a column that is not used.",
    "V18": "CSV files are read by their own dialect, and a malformed line is named with file and line.",
    "V19": "A file that does not fit the others is named, as an error of the model.",
    "O1": "A record belongs to every row that was merged into it, and is deleted after the last of them left.",
    "O2": "It is not emptied before either.",
    "O3": "A child that left its group is a row of its own again.",
    "O4": "A removal never follows to a record that the sync has not had accepted.",
    "O5": "An archived row is done once its record is gone, and is looked up again until it has one.",
    "O6": "Removals are bounded per day, too.",
    "O7": "The state of a sync belongs to its model.",
    "O8": "Another account needs more than starting over.",
    "T1": "Held rows are told in every run until they are settled.",
    "T2": "A stop waits for what is in flight and accounts for the rest, and the ledger can be read meanwhile.",
    "T3": "Attempts count submissions, and possible duplicates are named.",
    "T4": "A run that is under way is shown as running.",
    "T5": "Samples show what is sent.",
    "T6": "A run takes the time from its start to its end.",
    "T7": "Off a terminal a run says how far it is.",
    "T8": "Rows that exclude each other name each other.",
    "T9": "What was deactivated is called so.",
    "T10": "What went wrong, by code, is part of the report.",
    "T11": "The floor of API calls holds in every API.",
    "T12": "Waiting for the hour lasts until the hour turns.",
    "T13": "A Python error in a plugin is shown with its traceback where one asks for it.",
    "T14": "Retries and waits are logged.",
    "T15": "The quick suite is the same in every run.",
    "C1": "A saved plan whose destination has changed is stale.",
    "C2": "What a terminal cannot print is escaped, and no report is lost.",
    "C3": "An answer that is not one of Salesforce's is told as such.",
    "C4": "An answer counts as success only by its types and shape, and by an id that is one.",
    "C5": "A connection is closed after its last call, and a stop loses no answer.",
    "C6": "A plugin that fails to close hides no report.",
    "C7": "Every exception pickles and keeps its cause.",
    "C8": "A hook that reads is asked again where nothing was executed.",
    "C9": "A hook without its marker is found when the plugin is loaded.",
    "C10": "Results that cannot be right are asked for a few times, then the rows are unknown.",
    "S1": "No link in the state folder is followed.",
    "S2": "A state folder that was copied, put back or lost is told before a row is sent.",
    "S3": "A secret is hidden in whatever spelling it comes back.",
    "S4": "Files of the state folder are readable for their owner alone, whatever the umask.",
    "S5": "Each distribution has its licence, and versions of what it stands on.",
    "S6": "The lowest versions that are promised install and work.",
    "S7": "Secrets are remembered as long as their connection is open.",
}
"""The rules by id."""

_ENOUGH = 3
"""Tests that show a rule: one for the input that broke it, two for neighbours."""


class _Collector:
    """Notes the tests of each rule while pytest collects them."""

    def __init__(self) -> None:
        self.tests: defaultdict[str, list[str]] = defaultdict(list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note every test that bears the id of a rule."""
        for item in session.items:
            for mark in item.iter_markers("rule"):
                for rule in mark.args:
                    self.tests[rule].append(item.nodeid)


def main() -> int:
    """Print rule → tests; return 1 when a rule is not known or shown by too few tests."""
    collector = _Collector()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main(["--collect-only", "--quiet", "tests"], plugins=[collector])
    if code:
        print(said.getvalue(), file=sys.stderr)
        return int(code)
    for rule, text in RULES.items():
        print(f"{rule}  {text}")
        for test in collector.tests[rule]:
            print(f"      {test}")
    unknown = sorted(set(collector.tests) - set(RULES))
    thin = [rule for rule in RULES if len(collector.tests[rule]) < _ENOUGH]
    for problem, found in (("not known", unknown), ("shown by too few tests", thin)):
        if found:
            print(f"{problem}: {', '.join(found)}", file=sys.stderr)
    return 1 if unknown or thin else 0


if __name__ == "__main__":
    sys.exit(main())
