"""Every type of field through every api: what is stored is what the model holds, or the row says why not."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

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
    project.typed_model(pa.Table.from_pylist([dict(each) for each in rows]))


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
    assert project.ledger(run)["k2"]["message"] == "DoNotCall must have a value: true or false"
    stored = {each["External_Id__c"]: each for each in project.emulated.records("Contact")}
    others = set(FIELDS) - {"LastName", "DoNotCall"}
    assert {name for name in others if stored["k1"][name] is not None} == set()
    assert (stored["k1"]["DoNotCall"], stored["k2"]["DoNotCall"]) == (False, True)


@pytest.mark.parametrize("api", APIS)
def test_a_null_boolean_that_keeps_is_left_alone(project: Project, api: str) -> None:
    fields = {"LastName": "last", "DoNotCall": {"column": "quiet", "null": "keep"}}
    project.sync(fields=fields, options={"api": api})
    project.model([{"id": "k1", "last": "Ash", "quiet": "TRUE"}, {"id": "k2", "last": "Ash", "quiet": "maybe"}])
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


def test_text_that_is_too_long_is_rejected_with_both_lengths_or_cut_where_the_sync_says_so(project: Project) -> None:
    project.model([{"id": "k1", "last": "x" * 81}, {"id": "k2", "last": "Ash"}])
    project.sync(fields={"LastName": "last"})
    run = project.run()
    line = project.ledger(run)["k1"]
    assert (run.rows["rejected"], line["code"]) == (1, "TOO_LONG")
    assert "81" in line["message"]
    assert "80" in line["message"]
    assert "k1" not in project.emulated.stats()["attempted"]["Contact"]
    project.sync(fields={"LastName": {"column": "last", "truncate": True}})
    assert project.run().exit == 0
    assert sorted(each["LastName"] for each in project.emulated.records("Contact")) == ["Ash", "x" * 80]


@pytest.mark.parametrize("api", APIS)
def test_several_choices_are_a_set(project: Project, api: str) -> None:
    project.sync(fields={"LastName": "last", "Interests__c": "interests"}, options={"api": api})
    rows = [{"id": "k1", "last": "Ash", "interests": "Security;Analytics;Security"},
            {"id": "k2", "last": "Ash", "interests": ";".join(f"v{n}" for n in range(101))}]  # fmt: skip
    project.model(rows)
    run = project.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 1, "rejected": 1}
    assert project.ledger(run)["k2"]["message"] == "Interests__c takes at most 100 values, not 101"
    (stored,) = project.emulated.records("Contact")
    assert stored["Interests__c"] == "Analytics;Security"
    project.model([{**rows[0], "interests": "Analytics; Security"}])
    assert project.run("--accept", "max_removed").rows == {"read": 1, "unchanged": 1}


def test_each_of_several_choices_of_a_restricted_picklist_is_checked(project: Project) -> None:
    project.emulated.change({"objects": {"Contact": {"fields": {"Interests__c": {"restrictedPicklist": True}}}}})
    project.sync(fields={"LastName": "last", "Interests__c": "interests"})
    project.model([{"id": "k1", "last": "Ash", "interests": "Security;analytics"}])
    line = project.ledger(project.run())["k1"]
    assert line["message"] == "Interests__c has no value 'analytics', did you mean Analytics?"


def test_values_that_an_open_picklist_does_not_have_are_sent_with_a_warning(project: Project) -> None:
    project.sync(fields={"LastName": "last", "LeadSource": "source", "Interests__c": "interests"})
    project.model([{"id": "k1", "last": "Ash", "source": "novel", "interests": "Security;Knitting"}])
    (planned,) = json.loads(project.invoke("plan", "contacts", "--output", "json").stdout)
    warned = [each["message"] for each in planned["findings"] if each["level"] == "warning"]
    assert "LeadSource does not have these values yet: 'novel'" in warned
    assert "Interests__c does not have these values yet: 'Knitting'" in warned
    assert project.run().exit == 0
    assert project.emulated.records("Contact")[0]["LeadSource"] == "novel"


MISFITS = {
    "Birthdate": ("moment", 'cast("moment" as date)'),
    "Last_Seen__c": ("day", 'cast("day" as timestamptz)'),
    "DoNotCall": ("day", '"day" is not null'),
    "Visits__c": ("day", 'cast(epoch("day") as bigint)'),
    "Tier__c": ("list", 'cast("list"[1] as varchar)'),
}


def test_a_column_whose_type_can_never_fit_is_one_problem_of_the_mapping_with_a_cast(project: Project) -> None:
    project.sync(fields={"LastName": "last", **{field: column for field, (column, _) in MISFITS.items()}})
    moment, day = datetime(2024, 2, 29, tzinfo=UTC), date(2024, 2, 29)
    model(project, {"id": "k1", "last": "Ash", "moment": moment, "day": day, "list": ["Gold"]})
    run = project.run()
    told = " ".join(run.said.split())
    assert run.exit == 64
    for field, (_, advice) in MISFITS.items():
        assert f"contacts.fields.{field}: " in told
        assert f"select it as: {advice}" in told


@pytest.mark.parametrize(("api", "exit_"), [("bulk", 6), ("bulk2", 6), ("rest", 0)])
def test_binary_data_is_refused_where_the_api_does_not_take_it(project: Project, api: str, exit_: int) -> None:
    project.emulated.change({"objects": {"Contact": {"fields": {"Badge__c": {"type": "base64"}}}}})
    project.sync(fields={"LastName": "last", "Badge__c": "badge"}, options={"api": api})
    model(project, {"id": "k1", "last": "Ash", "badge": b"\0\xff"})
    run = project.run()
    assert run.exit == exit_, run.said
    assert ("Set api: rest" in " ".join(run.said.split())) is (exit_ == 6)
