"""What the page about sequences shows is what the commands print."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from connector_sdk import ExitCode
from connector_sdk.testing.reference import Fault, FaultKind

from .console import Desk, Scene, play, project_of, read_page

PAGE = read_page("sequences.md")
ACCOUNTS = ("A-1,Acme", "A-2,Globex")
CONTACTS = ("C-1,Ann,A-1", "C-2,Bob,A-2", "C-3,Cid,A-1")


def write(desk: Desk, accounts: Sequence[str] = ACCOUNTS, contacts: Sequence[str] = CONTACTS) -> None:
    """Write the rows of both syncs."""
    desk.rows("accounts.csv", "account_id,name", *accounts)
    desk.rows("contacts.csv", "contact_id,name,account_id", *contacts)


def run_a_sequence(desk: Desk) -> Iterator[None]:
    write(desk)
    yield
    again = json.loads(desk.connector("run contacts nightly --output json").stdout)
    assert [each["sync"] for each in again] == ["contacts", "accounts"]


def a_row_is_rejected(desk: Desk) -> Iterator[None]:
    write(desk)
    desk.connector("run nightly")
    write(desk, (*ACCOUNTS, "A-3,"), (*CONTACTS, "C-4,Dee,A-3"))
    yield
    write(desk, (*ACCOUNTS, "A-3,Initech"), (*CONTACTS, "C-4,Dee,A-3"))
    assert desk.connector("run nightly").exit_code == 0, "both rows are tried again"


def a_sync_is_stopped(desk: Desk) -> Iterator[None]:
    write(desk)
    desk.connector("run nightly")
    write(desk, ())
    yield
    assert desk.connector("plan nightly").exit_code == 6
    assert desk.connector("run nightly --output json").stdout == "[]\n", "it has no report"
    write(desk, ("A-1,Acme Inc", "A-2,Globex"))
    desk.store.add_fault(Fault(FaultKind.REFUSED, object_name="accounts", code="suspended"))
    yield


SCENES: dict[str, Scene] = {
    "Run a sequence": run_a_sequence,
    "A row is rejected": a_row_is_rejected,
    "A sync is stopped": a_sync_is_stopped,
}


@pytest.mark.parametrize("heading", SCENES)
def test_the_page_shows_what_the_commands_print(heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(PAGE, heading, SCENES[heading], tmp_path, monkeypatch)


def test_every_example_of_the_page_is_played() -> None:
    assert PAGE.shown_headings() == list(SCENES)


def test_the_table_of_exit_codes_says_for_each_whether_the_next_sync_runs() -> None:
    """A sequence continues below `STOPPED`; code 2 is that of a plan."""
    listed = {code: cells for cells in PAGE.rows("When one sync fails") for code in cells[0].split(", ")}
    goes_on = {int(code): cells[2] == "runs" for code, cells in listed.items()}
    assert goes_on == {int(code): code < ExitCode.STOPPED for code in ExitCode if code is not ExitCode.CHANGES}


@pytest.mark.parametrize(
    ("sequences", "said"),
    [
        ("{nightly: [accounts, accounts]}", "the sync accounts is in this sequence already"),
        ("{nightly: []}", "must have at least one entry"),
        ("{nightly: [accounts], weekly: [nightly]}", "there is no sync nightly"),
        ("{accounts: [contacts]}", "there is a sync accounts already"),
    ],
)
def test_what_a_sequence_cannot_be_is_refused(
    sequences: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path, None)  # type: ignore[arg-type]  # nothing is stored
    desk.project(*project_of(PAGE, "The examples"))
    file = Path("connector.yml")
    file.write_text(file.read_text().partition("sequences:")[0] + f"sequences: {sequences}\n")
    result = desk.connector("run nightly")
    assert result.exit_code == 64
    assert said in result.output
