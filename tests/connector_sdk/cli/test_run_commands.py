from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from connector_sdk import (
    ActionCounts,
    BatchCounts,
    CallCounts,
    CodeCount,
    ConfigError,
    Cost,
    Delivery,
    Finding,
    Level,
    PlanReport,
    Problem,
    RowCounts,
    RunReport,
    RunStopped,
)
from connector_sdk.cli.milestones import Milestones
from connector_sdk.cli.plan_warnings import Forewarning
from connector_sdk.contract.errors import ExitCode
from tests.connector_sdk.cli.conftest import Invoke

ROWS = RowCounts(
    read=10_014,
    removed=0,
    unchanged=7_905,
    planned=2_109,
    succeeded=2_100,
    rejected=9,
    skipped=0,
    unprocessed=0,
    unknown=0,
)
DONE = RunReport(
    run="20260131-1",
    sync="books",
    resumed=False,
    state="finished",
    exit=1,
    rows=ROWS,
    actions=ActionCounts(created=214, updated=1_886),
    calls=CallCounts(14, 14_302),
    seconds=27.1234,
    codes=(
        CodeCount(code="LENT_OUT", outcome="rejected", rows=6, advice="Ask for it."),
        CodeCount(code="TORN", outcome="rejected", rows=3, advice=""),
    ),
    batches=BatchCounts(3, 3),
    started="2026-01-31T10:00:00.000+00:00",
)
PLANNED = PlanReport(
    run="20260131-2",
    sync="books",
    rows=ROWS,
    actions=ActionCounts(created=214),
    created_or_updated=1_886,
    samples={"created": ({"isbn": "1", "title": "Walden"},)},
    findings=(Finding(Level.WARNING, "the shelf is nearly full", "buy another"),),
    cost=Cost(3),
    delivery=Delivery.AT_LEAST_ONCE,
)

Answer = Callable[[str], Sequence[RunReport]]
Asked = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Callable[[Answer], Asked]:
    """Let runs answer what a test says; return the list of what was asked."""

    def replace_run(answer: Answer) -> Asked:
        asked: Asked = []

        def run(_: object, sync: str, **request: Any) -> tuple[RunReport, ...]:
            asked.append((sync, request))
            return tuple(answer(sync))

        monkeypatch.setattr("connector_sdk.run.run", run)
        return asked

    return replace_run


def one(report: RunReport) -> Answer:
    return lambda sync: [evolve(report, sync=sync)]


def test_run_prints_json_in_the_published_shape(invoke: Invoke, answers: Callable[[Answer], Asked]) -> None:
    answers(one(DONE))
    result = invoke("run", "books", "--output", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {
            "run": "20260131-1", "sync": "books", "resumed": False, "state": "finished", "exit": 1,
            "rows": {
                "read": 10014, "removed": 0, "unchanged": 7905, "planned": 2109, "succeeded": 2100, "rejected": 9,
                "skipped": 0, "unprocessed": 0, "unknown": 0,
            },
            "actions": {"created": 214, "updated": 1886, "deleted": 0, "cleared": 0, "merged": 0, "deactivated": 0},
            "calls": {"made": 14, "remaining": 14302},
            "seconds": 27.1, "held": 0, "in_flight": 0, "possible_duplicates": 0,
            "codes": [
                {"code": "LENT_OUT", "outcome": "rejected", "rows": 6, "advice": "Ask for it."},
                {"code": "TORN", "outcome": "rejected", "rows": 3, "advice": ""},
            ],
            "batches": {"planned": 3, "done": 3, "in_flight": 0}, "started": "2026-01-31T10:00:00.000+00:00",
        }
    ]  # fmt: skip


def test_run_sums_up_for_people_with_the_top_codes_and_the_next_command(
    invoke: Invoke, answers: Callable[[Answer], Asked]
) -> None:
    answers(one(DONE))
    text = invoke("run", "books").stdout
    assert "10,014 read = 7,905 unchanged + 2,109 planned" in text
    assert "2,100 succeeded, 9 rejected" in text
    assert "214 created, 1,886 updated" in text
    assert "14 made, 14,302 left" in text
    assert text.index("6 x LENT_OUT: Ask for it.") < text.index("3 x TORN\n")
    assert "connector rows 20260131-1 --outcome rejected" in text


def test_csv_has_a_line_per_run(invoke: Invoke, answers: Callable[[Answer], Asked]) -> None:
    answers(one(DONE))
    lines = list(csv.DictReader(io.StringIO(invoke("run", "nightly", "--output", "csv").stdout)))
    assert [line["sync"] for line in lines] == ["books", "authors"]
    assert lines[0]["rows_planned"] == "2109"


def test_what_is_asked_for_reaches_the_run(invoke: Invoke, answers: Callable[[Answer], Asked], folder: Path) -> None:
    asked = answers(one(evolve(DONE, exit=0, rows=RowCounts())))
    options = "--first-run baseline --accept max_removed --accept rekeyed --full --abandon --start-over"
    assert invoke("run", "books", "--plan", "p1", *options.split(), "--state", str(folder / "s")).exit_code == 0
    ((sync, request),) = asked
    wanted = {"first_run": "baseline", "accept": ("max_removed", "rekeyed"), "full": True, "abandon": True}
    assert sync == "books"
    assert wanted.items() <= request.items()
    assert (request["start_over"], request["plan_id"], request["state"]) == (True, "p1", folder / "s")
    assert [type(each) for each in request["observers"]] == [Forewarning, Milestones]


def test_a_sequence_goes_on_after_rejected_rows_and_ends_with_the_worst_code(
    invoke: Invoke, answers: Callable[[Answer], Asked]
) -> None:
    codes = {"books": 1, "authors": 0}
    asked = answers(lambda sync: [evolve(DONE, sync=sync, exit=codes[sync], rows=RowCounts())])
    assert invoke("run", "nightly").exit_code == 1
    assert [sync for sync, _ in asked] == ["books", "authors"]


def test_a_sequence_stops_when_a_sync_was_stopped_and_says_what_was_not_run(
    invoke: Invoke, answers: Callable[[Answer], Asked]
) -> None:
    stopped = evolve(DONE, state="stopped", exit=4, message="the quota is used up — run again tomorrow")
    asked = answers(one(stopped))
    result = invoke("run", "nightly", "--output", "json")
    assert result.exit_code == 4
    assert [sync for sync, _ in asked] == ["books"]
    assert json.loads(result.stdout)[0]["message"] == stopped.message
    assert "books: the quota is used up — run again tomorrow" in result.stderr
    assert "not run, because a sync before was stopped: authors" in result.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RunStopped("12 rows would be removed", hint="--accept max_removed", exit_code=ExitCode.GUARD), 6),
        (RunStopped("another run holds the lock", hint="wait for it", exit_code=ExitCode.LOCKED), 5),
        (ConfigError("cannot log in", hint="check the token", exit_code=ExitCode.UNREACHABLE), 69),
        (ConfigError([Problem("no such field", ("syncs", "books", "fields", "name"), "remove it")]), 64),
        (LookupError("odd"), 70),
    ],
)
def test_a_run_that_cannot_begin_says_why_and_ends_with_its_code(
    invoke: Invoke, answers: Callable[[Answer], Asked], error: Exception, code: int
) -> None:
    def fail(_: str) -> Sequence[RunReport]:
        raise error

    answers(fail)
    result = invoke("run", "books", "--output", "json")
    assert result.exit_code == code
    assert json.loads(result.stdout) == []
    assert str(error).split(" — ")[0].rpartition(": ")[2] in result.stderr
    assert "Traceback" not in result.stderr
    if code == 64:
        assert "connector.yml:13 syncs.books.fields.name" in result.stderr


def test_held_rows_show_how_to_settle_them(invoke: Invoke, answers: Callable[[Answer], Asked]) -> None:
    answers(one(evolve(DONE, exit=3, held=4, rows=RowCounts(read=2, planned=2, succeeded=1, unknown=1))))
    result = invoke("run", "books")
    assert result.exit_code == 3
    assert "connector resolve books   lists the 4 rows" in result.stdout


def test_a_sync_that_is_named_twice_runs_once(invoke: Invoke, answers: Callable[[Answer], Asked]) -> None:
    asked = answers(one(evolve(DONE, exit=0, rows=RowCounts())))
    invoke("run", "books", "nightly")
    assert [sync for sync, _ in asked] == ["books", "authors"]


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Callable[[PlanReport], None]:
    """Let plans answer a report."""
    return lambda report: monkeypatch.setattr("connector_sdk.run.plan", lambda *_, **__: report)


def test_plan_prints_json_with_samples_findings_and_cost(invoke: Invoke, planned: Callable[[PlanReport], None]) -> None:
    planned(PLANNED)
    result = invoke("plan", "books", "--output", "json")
    assert result.exit_code == 0
    (record,) = json.loads(result.stdout)
    assert record["rows"]["planned"] == 2109
    assert record["actions"]["created_or_updated"] == 1886
    assert record["samples"] == {"created": [{"isbn": "1", "title": "Walden"}]}
    assert record["findings"] == [
        {"level": "warning", "message": "the shelf is nearly full", "advice": "buy another", "guard": ""}
    ]
    assert record["cost"] == {"batches": 3, "lookups": 0}


def test_plan_sums_up_for_people(invoke: Invoke, planned: Callable[[PlanReport], None]) -> None:
    planned(evolve(PLANNED, saved=True))
    text = invoke("plan", "books", "--save").stdout
    for part in (
        "214 created, 1,886 created or updated", "9 rejected", "3 batches", '"title": "Walden"',
        "warning: the shelf is nearly full — buy another", "connector run books --plan 20260131-2",
    ):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (Cost(1), "cost        1 batch\n"),
        (Cost(1, 1), "cost        1 batch, 1 call to look records up\n"),
        (Cost(2_000, 3), "cost        2,000 batches, 3 calls to look records up\n"),
    ],
)
def test_one_of_something_is_not_called_several(
    invoke: Invoke, planned: Callable[[PlanReport], None], cost: Cost, said: str
) -> None:
    planned(evolve(PLANNED, cost=cost))
    assert said in invoke("plan", "books").stdout


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (PLANNED, 2),
        (evolve(PLANNED, rows=RowCounts(read=5, unchanged=5)), 0),
        (evolve(PLANNED, findings=(Finding(Level.STOP, "too many", "--accept max_removed"),)), 6),
    ],
)
def test_a_detailed_exit_code_tells_whether_there_are_changes(
    invoke: Invoke, planned: Callable[[PlanReport], None], report: PlanReport, code: int
) -> None:
    planned(report)
    assert invoke("plan", "books", "--detailed-exitcode").exit_code == code


def test_the_next_step_leads_to_the_same_project_and_state_again(
    invoke: Invoke, folder: Path, planned: Callable[[PlanReport], None]
) -> None:
    planned(evolve(PLANNED, saved=True))
    state = folder / "the state"
    text = invoke("plan", "books", "--save", "--project", str(folder), "--state", str(state)).stdout
    assert f"→ connector --project {folder} --state '{state}' run books --plan 20260131-2" in text
