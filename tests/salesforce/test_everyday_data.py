"""What data do every week, from a project file into the emulated org: other types, other spellings, rows that leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .projects import Project

FORTY = list(range(1, 41))


def use_parquet(project: Project, **sync: Any) -> None:
    """Let the model be a Parquet file."""
    given = {
        "model": "contacts", "connection": "crm", "object": "Contact", "mode": "upsert",
        "match": {"field": "External_Id__c", "column": "id"}, "fields": {"LastName": "last"}, **sync,
    }  # fmt: skip
    models = {"contacts": {"file": "contacts.parquet", "primary_key": "id"}}
    project.write({"crm": "salesforce"}, models, {"contacts": given})


def write(project: Project, ids: pa.Array, changed: int = 0) -> None:
    """Write rows with these ids; the first of them have changed."""
    names = [f"{'New' if number < changed else 'Old'} {number}" for number in range(len(ids))]
    pq.write_table(pa.table({"id": ids, "last": names}), project.folder / "contacts.parquet")


def keys(project: Project, object_name: str = "Contact") -> list[str]:
    return sorted(str(each["External_Id__c"]) for each in project.emulated.records(object_name))


def rows(ids: Iterable[Any], **more: Any) -> list[dict[str, Any]]:
    return [{"id": each, "last": f"Ash {each}", **more} for each in ids]


@pytest.mark.rule("V1")
@pytest.mark.parametrize("api", ["bulk", "bulk2", "rest"])
def test_ids_that_become_floating_point_are_the_same_ids(project: Project, api: str) -> None:
    use_parquet(project, on_removed="delete", options={"api": api})
    whole = pa.array(FORTY, pa.int64())
    write(project, whole)
    assert project.run().actions == {"created": 40}
    write(project, whole.cast(pa.float64()), changed=5)
    assert project.run().actions == {"updated": 5}
    write(project, pa.array([each for each in FORTY if each != 3], pa.float64()))
    assert project.run().actions["deleted"] == 1
    assert keys(project) == sorted(str(each) for each in FORTY if each != 3)


@pytest.mark.rule("V1")
def test_text_ids_stay_as_they_are_spelled(project: Project) -> None:
    spelled = ["007", "7", "1.0", "1.10"]
    project.model(rows(spelled, email=None))
    assert project.run().actions == {"created": 4}
    assert keys(project) == sorted(spelled)


@pytest.mark.rule("V2")
def test_account_keys_that_become_decimals_are_found(project: Project) -> None:
    for each in ("5", "6"):
        project.emulated.insert("Account", {"Name": each, "Unique_Key__c": each, "External_Id__c": f"x{each}"})
    find = {"AccountId": {"find": "Account", "where": "Unique_Key__c", "equals": "account"}}
    use_parquet(project, fields={"LastName": "last", **find})
    accounts = pa.array([5, 6], pa.int64()).cast(pa.decimal128(38, 0)).cast(pa.decimal128(18, 2))
    table = pa.table({"id": ["a", "b"], "last": ["A", "B"], "account": accounts})
    pq.write_table(table, project.folder / "contacts.parquet")
    assert project.run().rows == {"read": 2, "planned": 2, "succeeded": 2}


@pytest.mark.rule("V3")
def test_keys_with_zeros_before_them_stop_an_insert(project: Project) -> None:
    project.sync(mode="insert", match=None, fields={"LastName": "last"})
    project.model(rows(FORTY))
    assert project.run("--first-run", "send").actions == {"created": 40}
    project.model(rows(f"00{each}" for each in FORTY))
    run = project.run()
    assert run.exit == 6
    said = " ".join(run.said.split())
    assert "40 new keys are known keys in another spelling" in said
    assert "'1' is '001' now, '10' is '0010' now, '11' is '0011' now, ..." in said
    assert "--accept respelled" in said
    assert len(project.emulated.records("Contact")) == 40


@pytest.mark.rule("V3")
def test_a_window_of_new_keys_each_day_runs(project: Project) -> None:
    project.sync(mode="insert", match=None, fields={"LastName": "last"})
    for day in range(3):
        project.model(rows(f"{day}-{each}" for each in FORTY))
        assert project.run(*(["--first-run", "send"] if not day else [])).exit == 0
    assert len(project.emulated.records("Contact")) == 120


def merge_accounts(project: Project, on_removed: str) -> None:
    """Let A, B and D be one account: A is the parent."""
    project.sync(
        object="Account", fields={"Name": "last", "Description": "text"}, on_removed=on_removed,
        merge={"shared_id": "group", "is_child": "child"}, guards={"max_removed": "none", "min_rows": 0},
        options={"api": "rest"},
    )  # fmt: skip
    for key in ("A", "B", "D"):
        project.emulated.insert("Account", {"Name": f"Before {key}", "External_Id__c": key})


def group(*members: str) -> list[dict[str, Any]]:
    return [
        {"id": key, "last": f"After {key}", "text": "kept", "group": "1", "child": str(key != "A").lower()}
        for key in members
    ]


@pytest.mark.rule("O1", "O2")
@pytest.mark.parametrize("on_removed", ["delete", "clear"])
def test_a_merged_account_goes_with_the_last_of_its_rows(project: Project, on_removed: str) -> None:
    merge_accounts(project, on_removed)
    project.model(group("A", "B", "D"))
    assert project.run().actions["merged"] == 2
    for left, others in (("A", ("B", "D")), ("B", ("D",))):
        project.model(group(*others))
        plan = project.report("plan", "contacts")
        assert f"its record belongs to other rows, too: {', '.join(others)}" in " ".join(plan.findings)
        run = project.run()
        line = project.ledger(run)[left]
        assert (run.exit, line["outcome"], line["code"]) == (0, "skipped", "RECORD_KEPT")
        (account,) = project.emulated.records("Account")
        assert (account["Name"], account["Description"]) == ("After A", "kept")
    project.write_rows("contacts.csv", [], ["id", "last", "text", "group", "child"])
    assert project.run().actions == {"deleted" if on_removed == "delete" else "cleared": 1}
    accounts = project.emulated.records("Account")
    assert [each["Description"] for each in accounts] == ([] if on_removed == "delete" else [None])


@pytest.mark.rule("O4")
@pytest.mark.parametrize("on_removed", ["delete", "clear"])
def test_the_contact_of_a_converted_lead_is_not_touched_when_its_row_leaves(project: Project, on_removed: str) -> None:
    project.sync(
        object=["Contact", "Lead"], create_in="Lead", on_removed=on_removed,
        fields={"LastName": "last", "Company": "company", "Title": "title"},
        guards={"max_removed": "none", "min_rows": 0},
    )  # fmt: skip
    project.model(rows(["k1", "k2"], company="Acme", title="Dr"))
    assert project.run().actions == {"created": 2}
    project.emulated.convert("k1")
    (contact,) = project.emulated.records("Contact")
    project.model(rows(["k2"], company="Acme", title="Dr"))
    plan = project.report("plan", "contacts")
    assert contact["Id"] in " ".join(plan.findings)
    assert not any(plan.report["actions"].values())
    run = project.run()
    line = project.ledger(run)["k1"]
    assert (line["outcome"], line["code"]) == ("skipped", "RECORD_KEPT")
    assert contact["Id"] in line["message"]
    (after,) = project.emulated.records("Contact")
    assert (after["LastName"], after["Title"]) == (contact["LastName"], contact["Title"])


@pytest.mark.rule("O6")
def test_eight_percent_in_each_of_several_runs_stop_at_the_third(project: Project) -> None:
    project.sync(on_removed="delete", options={"batch_size": 1000})

    def leave(first: int) -> Sequence[Mapping[str, Any]]:
        return rows(range(first, 1_000), email=None)

    project.model(leave(0))
    assert project.run().actions == {"created": 1_000}
    for first in (80, 160):
        project.model(leave(first))
        assert project.run().exit == 0
    project.model(leave(240))
    run = project.run()
    assert run.exit == 6
    assert "max_removed_per_day" in run.said
    assert len(project.emulated.records("Contact")) == 840


@pytest.mark.rule("O7")
def test_a_sync_that_is_pointed_at_another_model_stops(project: Project) -> None:
    project.sync(mode="insert", match=None, fields={"LastName": "last"})
    project.model(rows(FORTY))
    project.run("--first-run", "send")
    project.write_rows("leads.csv", rows(f"lead {each}" for each in FORTY))
    sync = {
        "model": "leads",
        "connection": "crm",
        "object": "Contact",
        "mode": "insert",
        "fields": {"LastName": "last"},
    }
    project.write(
        {"crm": "salesforce"},
        {"leads": {"file": "leads.csv", "primary_key": "id"}},
        {"contacts": sync | {"fields": {"LastName": "last"}}},
    )
    run = project.run()
    assert run.exit == 6
    assert "--accept model" in run.said
    assert len(project.emulated.records("Contact")) == 40
    assert project.run("--accept", "model").actions == {"created": 40}
