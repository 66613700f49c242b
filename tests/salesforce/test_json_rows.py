from __future__ import annotations

import json
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
from connector_salesforce.write.json_rows import json_lines
from hypothesis import given
from hypothesis import strategies as st

from connector_sdk import Action, Batch, Column, OnNull, Reference

from .scripted import batch
from .test_csv_rows import plain


def records(given: Batch) -> list[dict[str, Any]]:
    body = json.loads(json_lines(given, plain).body, parse_float=Decimal)
    assert body["allOrNone"] is False
    assert all(next(iter(each)) == "attributes" for each in body["records"])
    return list(body["records"])


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=8))
def test_every_text_arrives_as_it_is_or_its_row_is_refused(texts: list[str]) -> None:
    keys = [f"k{number}" for number in range(len(texts))]
    given = batch({"External_Id__c": keys, "F": pa.array(texts, pa.string())})
    expected = {key: text or None for key, text in zip(keys, texts, strict=True) if "\0" not in text}
    assert {each["External_Id__c"]: each["F"] for each in records(given)} == expected


def test_a_row_without_a_key_is_never_sent() -> None:
    keys = pa.array([None, "", "k1"], pa.string())
    assert [each["F"] for each in records(batch({"External_Id__c": keys, "F": ["x", "y", "z"]}))] == ["z"]


def test_a_null_clears_as_null_and_keeps_by_not_being_there() -> None:
    columns = [Column("External_Id__c"), Column("A"), Column("B", OnNull.KEEP)]
    nulls = pa.array([None, None], pa.string())
    (first, _) = records(batch({"External_Id__c": ["a", "b"], "A": nulls, "B": nulls}, columns=columns))
    assert first == {"attributes": {"type": "Contact"}, "External_Id__c": "a", "A": None}


def test_a_null_of_a_record_to_create_is_left_out() -> None:
    (record,) = records(batch({"LastName": ["x"], "A": pa.array([None], pa.string())}, Action.CREATE))
    assert record == {"attributes": {"type": "Contact"}, "LastName": "x"}


def test_values_have_their_own_json_types_and_lose_no_digit() -> None:
    rows = {
        "External_Id__c": ["a"],
        "N": pa.array([Decimal("12345678901234567.89")], pa.decimal128(19, 2)),
        "F": [0.1 + 0.2],
        "G": pa.array([0.1], pa.float32()),
        "Z": pa.array([Decimal("5.00")], pa.decimal128(19, 2)),
        "I": [7],
        "B": [False],
        "D": pa.array([datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC)], pa.timestamp("us", "UTC")),
        "T": pa.array([time(1, 2)], pa.time64("us")),
        "X": pa.array([b"\x00\xff"], pa.binary()),
    }
    (record,) = records(batch(rows))
    assert record == {
        "attributes": {"type": "Contact"},
        "External_Id__c": "a",
        "N": Decimal("12345678901234567.89"),
        "F": Decimal("0.30000000000000004"),
        "G": Decimal("0.1"),
        "Z": 5,
        "I": 7,
        "B": False,
        "D": "2024-02-29T01:02:03.000Z",
        "T": "01:02:00.000Z",
        "X": "AP8=",
    }


def test_the_literal_that_only_bulk_cannot_say_is_sent() -> None:
    assert records(batch({"External_Id__c": ["a"], "F": ["#N/A"]}))[0]["F"] == "#N/A"


def test_a_reference_by_key_is_an_object_that_names_its_type_only_where_there_are_several() -> None:
    columns = [
        Column("External_Id__c"),
        Column("AccountId", by=Reference("Account", "Key__c")),
        Column("OwnerId", by=Reference("User", "Username")),
    ]
    rows = {"External_Id__c": ["a", "b"], "AccountId": ["acc", None], "OwnerId": ["x@acme.example", None]}
    first, second = records(batch(rows, columns=columns))
    assert first["Account"] == {"Key__c": "acc"}
    assert list(first["Owner"].items()) == [("attributes", {"type": "User"}), ("Username", "x@acme.example")]
    assert (second["AccountId"], second["OwnerId"]) == (None, None)
    assert "Account" not in second


def test_an_update_names_its_record() -> None:
    (record,) = records(batch({"LastName": ["x"]}, Action.UPDATE, ids=["003A"]))
    assert record == {"attributes": {"type": "Contact"}, "id": "003A", "LastName": "x"}


def test_names_that_need_quoting_stay_names() -> None:
    (record,) = records(batch({"External_Id__c": ["a"], "it's": ["x"], 'q"': ["y"]}))
    assert (record["it's"], record['q"']) == ("x", "y")
