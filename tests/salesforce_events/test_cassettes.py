"""Events that replay from cassettes, without a network: what the plugin says on the wire may not change unseen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connector_sdk.testing.cassettes import HOST, Cassette

from ..salesforce.emulated import Emulated, emulator
from .projects import Project, orders

CASSETTES = Path(__file__).parents[2] / "cassettes" / "salesforce_events"
REPLAYED = Emulated(
    {"login_url": HOST, "instance_url": HOST, "client_id": "replayed-app", "client_secret": "replayed-key"}
)


@pytest.fixture
def project(
    request: pytest.FixtureRequest, record_cassettes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    with ExitStack() as stack:
        org = stack.enter_context(emulator()) if record_cassettes else REPLAYED
        secrets = [org.ready["client_id"], org.ready["client_secret"]]
        monkeypatch.setenv("SF_SECRET", org.ready["client_secret"])
        path = CASSETTES / f"{request.node.name.removeprefix('test_')}.yaml"
        stack.enter_context(Cassette(path, record=record_cassettes, secrets=secrets).play())
        yield Project(tmp_path, org)


def test_events_are_published_through_collections(project: Project) -> None:
    fields = {"Order_Number__c": "id", "Amount__c": "amount", "Shipped__c": "shipped", "Notes__c": "notes"}
    project.sync(fields=fields, types={"shipped": "boolean"}, options={"batch_size": 2})
    rows = [("o1", "12.50", "true", 'a "note"\n'), ("o2", None, "false", None), ("o3", "0.01", "false", "é")]
    project.model([dict(zip(("id", "amount", "shipped", "notes"), row, strict=True)) for row in rows])
    run = project.run()
    assert run.rows == {"read": 3, "planned": 3, "succeeded": 3}
    assert len({line["record_id"] for line in project.lines(run)}) == 3
    assert project.run().rows == {"read": 3, "unchanged": 3}


def test_events_are_published_as_calls_of_a_composite_one(project: Project) -> None:
    project.sync(options={"api": "composite"})
    project.model(orders(3))
    assert project.run().rows["succeeded"] == 3


def test_events_are_published_by_a_job_of_the_bulk_api_2(project: Project) -> None:
    project.sync(options={"api": "bulk2"})
    project.model(orders(3))
    assert project.run().rows["succeeded"] == 3


def test_an_event_that_does_not_exist_is_said(project: Project) -> None:
    project.sync(object="Nope__e")
    project.model(orders(1))
    assert "there are: Legacy_Signal__e, Order_Update__e" in project.run().said
