"""Rows of one account lock it: how many meet, where the org has the lock model of Salesforce."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .emulated import Emulated
from .projects import Project

ROWS, ACCOUNTS = 10_000, 100


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Ten thousand contacts of a hundred accounts, shuffled, in an org that locks."""
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    emulated.insert(
        "Account", *({"Name": f"a{n}", "External_Id__c": f"a{n}", "Unique_Key__c": f"a{n}"} for n in range(ACCOUNTS))
    )
    emulated.change({"locks": {"hold": 0.05}})
    rows = [{"id": f"k{n}", "last": "Ash", "acc": f"a{n % ACCOUNTS}"} for n in range(ROWS)]
    random.Random(7).shuffle(rows)
    made = Project(tmp_path, emulated)
    made.model(rows)
    yield made
    emulated.change({"locks": None})


def settings(where: str, **options: Any) -> dict[str, Any]:
    find = {"find": "Account", "where": where, "equals": "acc"}
    return {"fields": {"LastName": "last", "AccountId": find}, "options": {"parallelism": 10, **options}}


def count_refusals(project: Project) -> int:
    found: dict[str, int] = project.emulated.stats()["locks"]["refused"]
    return sum(found.values())


@pytest.mark.parametrize("api", ["bulk", "rest"])
def test_no_account_is_locked_by_two_batches_at_the_same_time(project: Project, api: str) -> None:
    project.sync(**settings("External_Id__c", api=api))
    run = project.run()
    assert (run.exit, run.rows) == (0, {"read": ROWS, "planned": ROWS, "succeeded": ROWS}), run.said
    assert count_refusals(project) == 0
    assert set(project.emulated.stats()["attempted"]["Contact"].values()) == {1}


def test_of_two_look_ups_the_account_counts_and_rows_without_one_fill_batches_up(project: Project) -> None:
    emulated = project.emulated
    emulated.insert(
        "Contact", *({"LastName": "Boss", "External_Id__c": f"b{n}", "Unique_Key__c": f"b{n}"} for n in range(9))
    )
    rows = [
        {"id": f"k{n}", "last": "Ash", "acc": f"a{n % 14}" if n % 2 else None, "boss": f"b{n % 9}"} for n in range(600)
    ]
    project.model(rows)
    chosen = settings("Unique_Key__c", api="rest", batch_size=100)
    boss = {"find": "Contact", "where": "Unique_Key__c", "equals": "boss"}
    project.sync(**{**chosen, "fields": {"ReportsToId": boss, **chosen["fields"]}})
    (planned,) = json.loads(project.invoke("plan", "contacts", "--output", "json").stdout)
    assert planned["cost"]["batches"] == 6, "as many as six hundred rows need"
    run = project.run()
    assert run.rows["planned"] == 600, run.said
    contended = emulated.stats()["locks"]["contended"]
    assert not [record for record in contended if record.startswith("001")], "an account was wanted twice"
    assert set(run.rows) <= {"read", "planned", "succeeded", "rejected"}, "bosses are shared: a row may tire of waiting"


def test_switched_off_they_meet(project: Project) -> None:
    project.sync(**settings("External_Id__c", lock_aware="off", split_retries="off"))
    project.run()
    assert count_refusals(project) > 0
