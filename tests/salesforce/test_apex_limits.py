"""Triggers that cost more than one transaction may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from .emulated import Emulated
from .projects import Project


@pytest.mark.parametrize("api", ["bulk", "rest"])
def test_rows_that_are_too_dear_together_are_sent_again_in_smaller_batches(
    emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    emulated.change({"objects": {"Contact": {"apex": {"trigger": "Dear", "soqlPerRow": 1.1}}}})
    project = Project(tmp_path, emulated)
    project.sync(options={"api": api})
    project.model([{"id": f"k{number}", "last": "Ash", "email": None} for number in range(250)])
    run = project.run()
    emulated.change({"objects": {"Contact": {"apex": None}}})
    assert (run.exit, run.rows) == (0, {"read": 250, "planned": 250, "succeeded": 250})
    assert set(emulated.stats()["executed"]["Contact"].values()) == {1}
    assert set(emulated.stats()["attempted"]["Contact"].values()) > {1}, "some were too dear together"


def test_what_is_too_dear_together_is_learnt_once_for_all_batches_of_a_run(
    emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    emulated.change({"objects": {"Contact": {"apex": {"trigger": "Dear", "soqlPerRow": 3}}}})
    project = Project(tmp_path, emulated)
    project.sync(options={"api": "rest", "parallelism": 2})
    project.model([{"id": f"k{number}", "last": "Ash", "email": None} for number in range(3_000)])
    run = project.run()
    emulated.change({"objects": {"Contact": {"apex": None}}})
    assert (run.exit, run.rows) == (0, {"read": 3_000, "planned": 3_000, "succeeded": 3_000})
    attempted = sum(emulated.stats()["attempted"]["Contact"].values())
    assert attempted < 2 * 3_000, "each row was tried three times where every batch had to learn it"
    tried = [count for call, count in emulated.stats()["calls"].items() if "External_Id__c" in call]
    assert sum(tried) < 200


def test_fewer_calls_are_made_at_the_same_time_where_the_org_runs_too_many_triggers(
    emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    slow = {"apex": {"atOnce": 2}, "objects": {"Contact": {"apex": {"trigger": "Slow", "seconds": 0.1}}}}
    emulated.change(slow)
    project = Project(tmp_path, emulated)
    project.sync(options={"api": "rest", "batch_size": 5, "parallelism": 12})
    project.model([{"id": f"k{number}", "last": "Ash", "email": None} for number in range(300)])
    run = project.run()
    emulated.change({"apex": {"atOnce": None}, "objects": {"Contact": {"apex": None}}})
    assert (run.exit, run.rows) == (0, {"read": 300, "planned": 300, "succeeded": 300})
    attempted = sum(emulated.stats()["attempted"]["Contact"].values())
    assert attempted > 300, "some were refused once"
