"""Every type of field through every api: what is stored is what the model holds, or the row says why not."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from .projects import Project

APIS = ["bulk", "bulk2", "rest"]
FIELDS = {"LastName": "last", "Email": "email", "Phone": "phone", "DoNotCall": "quiet", "Birthdate": "born",
          "Last_Seen__c": "seen", "Call_Time__c": "call", "Credit_Limit__c": "credit", "Visits__c": "visits",
          "Tier__c": "tier", "LeadSource": "source", "Interests__c": "interests", "Description": "text"}  # fmt: skip
ROW = {
    "id": "k1", "last": "Ash", "email": "ash@acme.example", "phone": "+48 22 000", "quiet": True,
    "born": date(1980, 2, 29), "seen": datetime(2024, 2, 29, 10, 15, 30, tzinfo=UTC), "call": time(10, 15, 30),
    "credit": Decimal("0.10"), "visits": 7, "tier": "Gold", "source": "novel", "interests": None, "text": "a\n\"b\", ü",
}  # fmt: skip


def model(project: Project, *rows: dict[str, Any]) -> None:
    """Write the model with its types."""
    pq.write_table(pa.Table.from_pylist([dict(each) for each in rows]), project.folder / "contacts.parquet")
    path = project.folder / "connector.yml"
    document = yaml.safe_load(path.read_text())
    document["models"]["contacts"]["file"] = "contacts.parquet"
    path.write_text(yaml.safe_dump(document))


@pytest.mark.parametrize("api", APIS)
def test_values_of_every_type_arrive_as_they_are(project: Project, api: str) -> None:
    project.sync(fields=FIELDS, options={"api": api})
    model(project, ROW)
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 1), (run.said, project.ledger(run))
    (stored,) = project.emulated.records("Contact")
    expected = {
        "LastName": "Ash", "Email": "ash@acme.example", "Phone": "+48 22 000", "DoNotCall": True,
        "Birthdate": "1980-02-29", "Last_Seen__c": "2024-02-29T10:15:30.000+0000", "Call_Time__c": "10:15:30.000Z",
        "Credit_Limit__c": 0.1, "Visits__c": 7, "Tier__c": "Gold", "LeadSource": "novel", "Interests__c": None,
        "Description": "a\n\"b\", ü",
    }  # fmt: skip
    assert {name: stored[name] for name in expected} == expected


@pytest.mark.parametrize("api", APIS)
def test_nulls_clear_every_type_but_booleans(project: Project, api: str) -> None:
    project.sync(fields=FIELDS, options={"api": api})
    model(project, ROW, {**ROW, "id": "k2"})
    project.run()
    cleared = {**dict.fromkeys(ROW), "id": "k1", "last": "Ash", "quiet": False}
    model(project, cleared, {**ROW, "id": "k2", "quiet": None})
    run = project.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 1, "rejected": 1}, run.said
    assert "DoNotCall" in project.ledger(run)["k2"]["message"]
    stored = {each["External_Id__c"]: each for each in project.emulated.records("Contact")}
    others = set(FIELDS) - {"LastName", "DoNotCall"}
    assert {name for name in others if stored["k1"][name] is not None} == set()
    assert (stored["k1"]["DoNotCall"], stored["k2"]["DoNotCall"]) == (False, True)


@pytest.mark.parametrize("api", APIS)
def test_a_null_boolean_that_keeps_is_left_alone(project: Project, api: str) -> None:
    fields = {"LastName": "last", "DoNotCall": {"column": "quiet", "null": "keep"}}
    project.sync(fields=fields, options={"api": api})
    project.model([{"id": "k1", "last": "Ash", "quiet": "TRUE"}, {"id": "k2", "last": "Ash", "quiet": "yes"}])
    run = project.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 1, "rejected": 1}, run.said
    project.model([{"id": "k1", "last": "Birch", "quiet": None}])
    assert project.run("--accept", "max_removed").rows["succeeded"] == 1
    (stored,) = project.emulated.records("Contact")
    assert (stored["LastName"], stored["DoNotCall"]) == ("Birch", True)


@pytest.mark.parametrize(("tier", "words"), [("gold", "did you mean Gold"), ("Platinum", "Platinum")])
def test_a_value_that_a_restricted_picklist_does_not_have_is_rejected_before_sending(
    project: Project, tier: str, words: str
) -> None:
    project.sync(fields={"LastName": "last", "Tier__c": "tier"})
    project.model([{"id": "k1", "last": "Ash", "tier": tier}, {"id": "k2", "last": "Ash", "tier": "Gold"}])
    run = project.run()
    assert run.rows["rejected"] == 1
    assert words in project.ledger(run)["k1"]["message"]
    assert "k1" not in project.emulated.stats()["attempted"]["Contact"]
