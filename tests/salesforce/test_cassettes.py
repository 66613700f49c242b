"""Syncs that replay from cassettes, without a network: what the plugin says on the wire may not change unseen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from connector_sdk.testing.cassettes import HOST, Cassette

from .emulated import Emulated, emulator
from .projects import Project

CASSETTES = Path(__file__).parents[2] / "cassettes" / "salesforce"
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


def contacts(*names: str | None) -> list[dict[str, Any]]:
    return [{"id": f"k{number}", "last": name, "email": f"k{number}@acme.example"} for number, name in enumerate(names)]


def test_upsert_through_bulk_sends_what_changed(project: Project) -> None:
    project.sync(options={"parallelism": 1})
    project.model(contacts("Ash", 'O"Hara, Zoë\n', "Birch"))
    assert project.run().rows == {"read": 3, "planned": 3, "succeeded": 3}
    project.model([*contacts("Ash", "Cedar", "Birch"), {"id": "k9", "last": "Elm", "email": "not an address"}])
    run = project.run()
    assert run.rows == {"read": 4, "unchanged": 2, "planned": 2, "succeeded": 1, "rejected": 1}
    assert run.report["actions"]["updated"] == 1
    assert project.ledger(run)["k9"]["code"] == "INVALID_EMAIL_ADDRESS"


def test_upsert_through_bulk2_pairs_results_in_no_order(project: Project) -> None:
    project.sync(options={"api": "bulk2", "parallelism": 1})
    wrong = {"id": "k9", "last": "Elm", "email": "not an address"}
    project.model([*contacts("Ash", 'O"Hara, Zoë\n', "Birch"), wrong])
    run = project.run()
    assert run.rows == {"read": 4, "planned": 4, "succeeded": 3, "rejected": 1}
    assert project.ledger(run)["k9"]["code"] == "INVALID_EMAIL_ADDRESS"


def test_update_and_archive_through_bulk2(project: Project) -> None:
    project.sync(options={"api": "bulk2", "parallelism": 1})
    project.model(contacts("Ash", "Birch"))
    assert project.run().rows["succeeded"] == 2
    project.sync(mode="update", options={"api": "bulk2", "parallelism": 1})
    project.model(contacts("Ash", "Cedar", "Elm"))
    assert project.run("--start-over").rows == {"read": 3, "planned": 3, "succeeded": 2, "skipped": 1}
    project.sync(mode="archive", fields=None, options={"api": "bulk2", "parallelism": 1})
    assert project.run("--start-over").rows == {"read": 3, "unchanged": 1, "planned": 2, "succeeded": 2}


def test_insert_through_collections(project: Project) -> None:
    fields = {"LastName": "last", "Email": {"column": "email", "null": "keep"}}
    project.sync(mode="insert", match=None, fields=fields, options={"api": "rest", "batch_size": 2, "parallelism": 1})
    project.model([*contacts("Ash", "Birch"), {"id": "k7", "last": "Cedar", "email": None}])
    run = project.run("--first-run", "send")
    assert run.rows == {"read": 3, "planned": 3, "succeeded": 3}
    assert len({line["record_id"] for line in project.ledger(run).values()}) == 3


def test_references_by_key_and_by_lookup(project: Project) -> None:
    by_key = {"find": "Account", "where": "External_Id__c", "equals": "account"}
    by_lookup = {"find": "Account", "where": "Unique_Key__c", "equals": "account"}
    for find, missing in ((by_key, "a-404"), (by_lookup, "a-405")):
        project.sync(fields={"LastName": "last", "AccountId": find}, options={"parallelism": 1})
        project.model([{"id": "k1", "last": "Ash", "account": None}, {"id": "k2", "last": "Birch", "account": missing}])
        run = project.run()
        line = project.ledger(run)["k2"]
        assert (line["outcome"], line["code"]) == ("rejected", "REFERENCE_NOT_FOUND")
        assert missing in line["message"]


def test_keys_that_are_too_many_for_an_address_are_looked_up_by_one_call(project: Project) -> None:
    project.sync(mode="update", fields={"LastName": "last"}, options={"parallelism": 1})
    project.model([{"id": f"{number:03}-{'x' * 56}", "last": "Ash"} for number in range(250)])
    assert project.run().rows == {"read": 250, "planned": 250, "skipped": 250}


def test_rows_that_are_one_record_are_merged(project: Project) -> None:
    rows = [{"id": key, "last": key, "person": None, "duplicate": key != "c"} for key in ("a", "b", "c", "d")]
    merge = {"shared_id": "person", "is_child": "duplicate"}
    project.sync(fields={"LastName": "last"}, merge=merge, options={"api": "rest"})
    project.model(rows)
    assert project.run().rows == {"read": 4, "planned": 4, "succeeded": 4}
    project.model([{**row, "person": "1"} for row in rows])
    run = project.run()
    assert run.rows == {"read": 4, "unchanged": 1, "planned": 3, "succeeded": 3}
    assert run.report["actions"]["merged"] == 3
    assert len({line["record_id"] for line in project.ledger(run).values()}) == 1


def test_update_and_archive_by_ids_through_collections(project: Project) -> None:
    options = {"api": "rest", "parallelism": 1}
    project.sync(object="Campaign", mode="insert", match=None, fields={"Name": "last"}, options=options)
    project.model(contacts("Ash", "Birch"))
    ids = [line["record_id"] for line in project.ledger(project.run("--first-run", "send")).values()]
    project.model([{"id": each, "last": "Elm"} for each in (ids[0][:15], ids[1], f"701{'x' * 12}BAD")])
    by_id = {"object": "Campaign", "match": {"field": "Id", "column": "id"}, "options": options}
    for mode, fields in (("update", {"Name": "last"}), ("archive", None)):
        project.sync(mode=mode, fields=fields, **by_id)
        assert project.run("--start-over").rows == {"read": 3, "planned": 3, "succeeded": 2, "rejected": 1}


def test_discover_says_what_can_be_matched(project: Project) -> None:
    project.sync()
    found = project.invoke("discover", "crm", "Contact", "--output", "csv")
    recommended = [line.split(",")[0] for line in found.stdout.splitlines() if ",recommended," in line]
    assert recommended == ["External_Id__c"]


def test_a_wrong_secret_is_said_with_what_to_do(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SF_SECRET", "wrong")
    project.sync()
    project.model(contacts("Ash"))
    run = project.run()
    assert run.exit == 69
    assert "invalid_client" in run.said
