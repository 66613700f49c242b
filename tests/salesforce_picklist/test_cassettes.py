"""Lists that replay from cassettes, without a network: what the plugin says on the wire may not change unseen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connector_sdk.testing.cassettes import HOST, Cassette

from ..salesforce.emulated import Emulated, emulator
from .projects import Project

CASSETTES = Path(__file__).parents[2] / "cassettes" / "salesforce_picklist"
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


def test_the_values_of_a_custom_field_are_replaced_and_restored(project: Project) -> None:
    project.sync()
    project.model("Silver", {"name": "Bronze", "label": "Third"}, "Platinum")
    run = project.run()
    assert run.rows == {"read": 3, "removed": 1, "planned": 4, "succeeded": 4}
    assert project.run().rows == {"read": 3, "unchanged": 3}
    assert project.restore(run).exit_code == 0


def test_a_label_moves_in_two_writes(project: Project) -> None:
    project.sync()
    project.model("Silver", "Bronze", {"name": "Platinum", "label": "Gold"})
    assert project.run().rows["succeeded"] == 4


def test_a_global_set_is_written_with_all_its_fields(project: Project) -> None:
    project.sync(match={"field": "Territory__c", "column": "name"}, options={"shared_values": True})
    project.model("Antarctica")
    assert project.run().exit == 0


def test_a_standard_set_is_written_through_the_metadata_api(project: Project) -> None:
    project.sync(object="Lead", match={"field": "LeadSource", "column": "name"})
    project.model("Web", "Carrier pigeon")
    assert project.run().exit == 0
    assert project.run().rows == {"read": 2, "unchanged": 2}
