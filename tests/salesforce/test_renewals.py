"""A session that ends during a run, and a login that must survive being killed while it is renewed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector_sdk.testing.crash import exhaust, replay

from ..conftest import Unharmed
from .emulated import Emulated, emulator
from .projects import Project

SCENARIO = f"{__package__}.renewals:make_scenario"
WRITING = {"bulk": "/services/async/*/job/*/batch", "rest": "/services/data/*/composite/sobjects*"}


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    return Project(tmp_path, emulated)


def contacts(count: int) -> list[dict[str, str]]:
    return [{"id": f"k{number}", "last": "Ash", "email": f"k{number}@acme.example"} for number in range(count)]


def token_requests(emulated: Emulated) -> int:
    return sum(count for call, count in emulated.stats()["calls"].items() if call.endswith("/oauth2/token"))


@pytest.mark.long
def test_a_run_killed_anywhere_while_its_login_rotates_is_logged_in_afterwards(
    emulated: Emulated, unharmed: Unharmed
) -> None:
    report = unharmed(exhaust(SCENARIO, json.dumps(dict(emulated.ready))))
    assert report.points > 10


@pytest.mark.parametrize("point", range(1, 5))
def test_a_run_killed_around_its_first_renewal_is_logged_in_afterwards(
    emulated: Emulated, point: int, unharmed: Unharmed
) -> None:
    report = unharmed(replay(SCENARIO, json.dumps(dict(emulated.ready)), at=f"{point},{point}"))
    assert report.kills == 2


@pytest.mark.parametrize("api", ["bulk", "rest"])
def test_a_session_that_ends_during_a_run_is_renewed_once_and_no_row_is_written_twice(
    project: Project, api: str
) -> None:
    project.sync(options={"api": api, "batch_size": 8, "parallelism": 50})
    project.model(contacts(400))
    before = token_requests(project.emulated)
    project.emulated.faults({"match": {"path": WRITING[api]}, "do": {"expire": True}, "times": 1})
    assert project.run().rows == {"read": 400, "planned": 400, "succeeded": 400}
    assert token_requests(project.emulated) == before + 2, "one to log in, one to renew"
    assert set(project.emulated.stats()["executed"]["Contact"].values()) == {1}


@pytest.mark.parametrize(
    "message",
    ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"],
)
def test_a_session_that_may_not_be_used_fails_once_and_is_not_renewed(project: Project, message: str) -> None:
    project.sync(options={"api": "rest", "parallelism": 1})
    project.model(contacts(1))
    refused = {"status": 401, "body": json.dumps([{"message": message, "errorCode": "INVALID_SESSION_ID"}])}
    project.emulated.faults({"match": {"path": WRITING["rest"]}, "do": refused})
    run = project.run()
    assert run.exit == 4
    assert "Manage user data via APIs" in " ".join(run.said.split())
    assert token_requests(project.emulated) == 1
    assert (
        project.emulated.stats()["calls"]["PATCH /services/data/v66.0/composite/sobjects/Contact/External_Id__c"] == 1
    )


def test_an_instance_that_moved_is_found_by_the_next_login_and_nothing_is_sent_twice(project: Project) -> None:
    project.sync(options={"api": "rest"})
    project.model(contacts(2))
    assert project.run().rows["succeeded"] == 2
    project.emulated.move()
    project.model(contacts(3))
    assert project.run().rows == {"read": 3, "unchanged": 2, "planned": 1, "succeeded": 1}


def test_an_instance_that_moves_during_a_run_stops_it_until_the_next_login(project: Project) -> None:
    fields = {"External_Id__c": "id", "LastName": "last"}
    project.sync(mode="insert", match=None, fields=fields, options={"api": "rest"})
    project.model(contacts(2))
    moved = {"status": 301, "headers": {"Location": "https://acme.my.salesforce.com/"}}
    project.emulated.faults({"match": {"path": WRITING["rest"]}, "do": moved, "times": 1})
    run = project.run("--first-run", "send")
    assert run.exit == 4
    assert "My Domain" in " ".join(run.said.split())
    assert project.run().went_on["rows"]["succeeded"] == 2


def test_a_connection_that_reaches_another_org_stops_before_it_writes(project: Project, tmp_path: Path) -> None:
    project.sync(options={"api": "rest"})
    project.model(contacts(2))
    assert project.run().rows["succeeded"] == 2
    org = tmp_path / "other.yml"
    org.write_text("{extends: default, id: 00D5g000000Othr}")
    with emulator("--org", str(org)) as other:
        elsewhere = Project(tmp_path, other)
        elsewhere.sync(options={"api": "rest"})
        elsewhere.model(contacts(3))
        run = elsewhere.run()
        assert run.exit == 6
        assert "00D5g000000Othr" in run.said
        assert other.records("Contact") == []
