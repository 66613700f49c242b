"""Values in the forms in which people have them: text booleans, date-times of Salesforce, lists and structs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from .projects import Project

APIS = ["bulk", "bulk2", "rest"]
TRUE = ["true", "TRUE", "yes", "Yes", "y", "Y", "on", "ON", "1"]
FALSE = ["false", "False", "no", "NO", "n", "N", "off", "Off", "0"]


def read_field(project: Project, field: str) -> dict[str, Any]:
    return {each["External_Id__c"]: each[field] for each in project.emulated.records("Contact")}


@pytest.mark.rule("V13")
@pytest.mark.parametrize("api", APIS)
def test_text_booleans_are_read_as_data_loader_reads_them_and_sent_as_true_and_false(
    project: Project, api: str
) -> None:
    project.sync(fields={"LastName": "id", "DoNotCall": "quiet"}, options={"api": api})
    project.model([{"id": f"k{n}", "quiet": each} for n, each in enumerate([*TRUE, *FALSE])])
    run = project.run()
    assert run.rows["succeeded"] == len(TRUE) + len(FALSE), run.said
    assert list(read_field(project, "DoNotCall").values()) == [True] * len(TRUE) + [False] * len(FALSE)
    assert not any(each in project.bodies(run) for each in ("yes", "YES", "off", "ON"))


@pytest.mark.rule("V13")
@pytest.mark.parametrize("word", ["maybe", "t", "f", "2", "-1", " yes", "true ", "wahr", "yes no"])
def test_any_other_word_is_rejected_with_the_spellings_that_are_read(project: Project, word: str) -> None:
    project.sync(fields={"LastName": "id", "DoNotCall": "quiet"})
    project.model([{"id": "k1", "quiet": word}])
    line = project.ledger(project.run())["k1"]
    said = f"DoNotCall cannot be '{word}': it takes true (yes, y, on, 1) or false (no, n, off, 0)"
    assert (line["code"], line["message"]) == ("BAD_VALUE", said)


MOMENTS = {
    "2026-01-31T10:00:00.000+0000": "2026-01-31T10:00:00.000+0000",
    "2026-01-31T10:00:00.000-0530": "2026-01-31T15:30:00.000+0000",
    "2026-01-31T10:00:00.000+0545": "2026-01-31T04:15:00.000+0000",
    "2026-01-31 10:00:00+0100": "2026-01-31T09:00:00.000+0000",
    "2026-01-31T10:00:00+00": "2026-01-31T10:00:00.000+0000",
    "2026-01-31T10:00+1559": "2026-01-30T18:01:00.000+0000",
    "2026-01-31T10:00:00Z": "2026-01-31T10:00:00.000+0000",
    "2026-01-31 10:00:00": "2026-01-31T10:00:00.000+0000",
}


@pytest.mark.rule("V14")
@pytest.mark.parametrize("api", APIS)
def test_the_form_in_which_salesforce_writes_date_times_is_read(project: Project, api: str) -> None:
    project.sync(fields={"LastName": "id", "Last_Seen__c": "seen"}, options={"api": api})
    project.model([{"id": f"k{n}", "seen": each} for n, each in enumerate(MOMENTS)])
    run = project.run()
    assert run.rows["succeeded"] == len(MOMENTS), project.ledger(run)
    assert list(read_field(project, "Last_Seen__c").values()) == list(MOMENTS.values())


@pytest.mark.rule("V14")
@pytest.mark.parametrize("zone", ["+1600", "-1660", "+000", "+05305", "+0530Z", " +0000", "+5:30", "UTC", "+24"])
def test_an_offset_that_is_none_is_rejected(project: Project, zone: str) -> None:
    project.sync(fields={"LastName": "id", "Last_Seen__c": "seen"})
    project.model([{"id": "k1", "seen": f"2026-01-31T10:00:00.000{zone}"}])
    line = project.ledger(project.run())["k1"]
    assert (line["outcome"], line["code"]) == ("rejected", "BAD_VALUE"), line


LIST, STRUCT = pa.list_(pa.string()), pa.struct([("size", pa.decimal128(38, 10)), ("tags", pa.list_(pa.int64()))])


@pytest.mark.rule("V15")
@pytest.mark.parametrize("api", APIS)
def test_a_list_becomes_several_choices_and_a_struct_becomes_json(project: Project, api: str) -> None:
    project.sync(fields={"LastName": "id", "Interests__c": "interests", "Description": "more"}, options={"api": api})
    project.typed_model(pa.table({
        "id": ["k1", "k2", "k3"],
        "interests": pa.array([["Security", None, "Analytics"], ["a;b"], []], LIST),
        "more": pa.array([{"size": Decimal("1.1"), "tags": [2**62, None]}, None, None], STRUCT),
    }))  # fmt: skip
    run = project.run()
    assert run.rows == {"read": 3, "planned": 3, "succeeded": 2, "rejected": 1}, run.said
    said = "Interests__c cannot be 'a;b': it takes values without a semicolon"
    assert project.ledger(run)["k2"]["message"] == said
    assert read_field(project, "Interests__c") == {"k1": "Analytics;Security", "k3": None}
    text = '{"size":1.1000000000,"tags":[4611686018427387904,null]}'
    assert read_field(project, "Description") == {"k1": text, "k3": None}


@pytest.mark.rule("V15")
def test_a_list_into_a_restricted_multi_select_is_checked_value_by_value(project: Project) -> None:
    project.emulated.change({"objects": {"Contact": {"fields": {"Interests__c": {"restrictedPicklist": True}}}}})
    project.sync(fields={"LastName": "id", "Interests__c": "interests"})
    interests = pa.array([["Security", "analytics"], ["Security"]], LIST)
    project.typed_model(pa.table({"id": ["k1", "k2"], "interests": interests}))
    ledger = project.ledger(project.run())
    assert ledger["k1"]["message"] == "Interests__c has no value 'analytics', did you mean Analytics?"
    assert ledger["k2"]["outcome"] == "succeeded"
