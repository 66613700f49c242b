from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from connector_salesforce.write.cells import IdsOf, Lines, Target
from connector_salesforce.write.csv_rows import csv_lines
from hypothesis import given
from hypothesis import strategies as st

from connector_sdk import Action, Batch, Column, OnNull, Reference

from .scripted import batch

KEYS = {"External_Id__c": ["k1"]}


def plain(column: Column) -> Target:
    if column.by is None:
        return Target(column.field)
    several = column.field in ("OwnerId", "WhoId")
    return Target(
        column.field, column.field.removesuffix("Id"), column.by.field, column.by.object_name if several else None
    )


def lines_of(given: Batch) -> Lines:
    return csv_lines(given, plain)


def cells(lines: Lines) -> list[list[str]]:
    return list(csv.reader(io.StringIO(lines.body.decode(), newline="")))


def one(value: Any, type_: pa.DataType, *, on_null: OnNull = OnNull.CLEAR, action: Action = Action.UPSERT) -> str:
    """Return the raw cell that one value becomes."""
    columns = [Column("External_Id__c"), Column("F", on_null)]
    built = lines_of(batch({**KEYS, "F": pa.array([value], type_)}, action, columns=columns))
    header, line = built.body.decode().split("\n", 1)
    assert header == "External_Id__c,F"
    return line.removesuffix("\n").partition(",")[2]


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=8))
def test_every_text_arrives_as_it_is_or_its_row_is_refused(texts: list[str]) -> None:
    keys = [f"k{number}" for number in range(len(texts))]
    built = lines_of(batch({"External_Id__c": keys, "F": pa.array(texts, pa.string())}))
    sent = built.sent.to_pylist()
    expected = [[key, text or "#N/A"] for key, text, is_sent in zip(keys, texts, sent, strict=True) if is_sent]
    assert cells(built) == [["External_Id__c", "F"], *expected]
    for text, is_sent in zip(texts, sent, strict=True):
        assert is_sent or "\0" in text or text.strip() == "#N/A"


@given(st.lists(st.tuples(st.one_of(st.none(), st.sampled_from(['"', ",", "\n", "\r\n", '",\n"', "=1+1", " x "])),
                          st.booleans()), min_size=1, max_size=10))  # fmt: skip
def test_no_value_makes_a_row_or_a_cell(rows: list[tuple[str | None, bool]]) -> None:
    keys = [f"k{number}" for number in range(len(rows))]
    texts, flags = ([row[place] for row in rows] for place in (0, 1))
    read = cells(lines_of(batch({"External_Id__c": keys, "T": pa.array(texts, pa.string()), "B": flags})))
    assert len(read) == len(rows) + 1
    assert all(len(line) == 3 for line in read)


def test_a_null_clears_or_leaves_alone_as_its_column_says() -> None:
    assert one(None, pa.string()) == "#N/A"
    assert one(None, pa.string(), on_null=OnNull.KEEP) == ""
    assert one(None, pa.int64()) == "#N/A"


def test_empty_text_is_a_null() -> None:
    assert one("", pa.string()) == "#N/A"
    assert one("", pa.string(), on_null=OnNull.KEEP) == ""


def test_a_null_of_a_record_to_create_is_left_out_so_that_defaults_apply() -> None:
    assert one(None, pa.string(), action=Action.CREATE) == ""


@pytest.mark.parametrize("text", ["#N/A", " #N/A "])
def test_the_literal_that_would_clear_fails_its_row_alone(text: str) -> None:
    built = lines_of(batch({"External_Id__c": ["a", "b"], "F": [text, "x"]}))
    assert cells(built) == [["External_Id__c", "F"], ["b", "x"]]
    assert (built.codes.to_pylist(), built.fields.to_pylist()) == (["LITERAL_NA", None], ["F", None])


def test_a_row_without_a_key_is_never_sent() -> None:
    built = lines_of(batch({"External_Id__c": pa.array([None, ""], pa.string()), "F": ["x", "y"]}))
    assert built.count == 0
    assert built.codes.to_pylist() == ["MISSING_KEY", "MISSING_KEY"]


@pytest.mark.parametrize(
    ("value", "type_", "cell"),
    [
        (Decimal("12345678901234567.89"), pa.decimal128(19, 2), "12345678901234567.89"),
        (Decimal("-0.10"), pa.decimal128(4, 2), "-0.1"),
        (Decimal("100.00"), pa.decimal128(5, 2), "100"),
        (Decimal("100"), pa.decimal128(5, 0), "100"),
        (0.1 + 0.2, pa.float64(), "0.30000000000000004"),
        (1e-7, pa.float64(), "0.0000001"),
        (-0.0, pa.float64(), "0"),
        (0.1, pa.float32(), "0.1"),
        (Decimal("0.00000000000000001"), pa.decimal128(38, 17), "0.00000000000000001"),
        (-9_223_372_036_854_775_808, pa.int64(), "-9223372036854775808"),
        (True, pa.bool_(), "true"),
        (False, pa.bool_(), "false"),
        (date(2024, 2, 29), pa.date32(), "2024-02-29"),
        (date(1700, 1, 1), pa.date32(), "1700-01-01"),
        (datetime(2024, 2, 29, 10, 15, 30, 123_000, tzinfo=UTC), pa.timestamp("us", "UTC"), "2024-02-29T10:15:30.123Z"),
        (datetime(2024, 2, 29, 10, 15, tzinfo=UTC), pa.timestamp("ms", "+02:00"), "2024-02-29T10:15:00.000Z"),
        (time(23, 59, 59, 999_000), pa.time64("us"), "23:59:59.999Z"),
        ("x", pa.large_string(), '"x"'),
        ("x", pa.string_view(), '"x"'),
        ("x", pa.dictionary(pa.int32(), pa.string()), '"x"'),
    ],
)
def test_values_are_written_exactly(value: Any, type_: pa.DataType, cell: str) -> None:
    assert one(value, type_) == cell


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_decimals_are_never_rounded(value: Decimal) -> None:
    assert Decimal(one(value, pa.decimal128(18, 4))) == value


def test_a_reference_by_key_is_named_by_its_relationship() -> None:
    columns = [
        Column("External_Id__c"),
        Column("AccountId", by=Reference("Account", "Key__c")),
        Column("OwnerId", by=Reference("User", "Username")),
    ]
    rows = {"External_Id__c": ["a"], "AccountId": ["acc"], "OwnerId": ["x@acme.example"]}
    assert cells(lines_of(batch(rows, columns=columns))) == [
        ["External_Id__c", "Account.Key__c", "User:Owner.Username"],
        ["a", "acc", "x@acme.example"],
    ]


def test_a_null_reference_by_key_is_refused_where_it_would_clear_and_left_alone_where_it_keeps() -> None:
    by = Reference("Account", "Key__c")
    rows = {"External_Id__c": ["a"], "AccountId": pa.array([None], pa.string())}
    clearing = lines_of(batch(rows, columns=[Column("External_Id__c"), Column("AccountId", by=by)]))
    assert clearing.codes.to_pylist() == ["NULL_REFERENCE"]
    keeping = lines_of(batch(rows, columns=[Column("External_Id__c"), Column("AccountId", OnNull.KEEP, by)]))
    assert cells(keeping)[1] == ["a", ""]


def test_a_wrong_id_in_a_reference_fails_its_row_alone() -> None:
    rows = {
        "External_Id__c": ["a", "b", "c", "d"],
        "AccountId": ["0015g00000ABCDe", "0015g00000abcdeAAP", None, "0035g00000ABCDe"],
    }
    ids_of = (IdsOf("Account", "001"),)
    built = csv_lines(batch(rows), lambda column: Target(column.field, ids_of=ids_of * (column.field == "AccountId")))
    assert cells(built)[1:] == [["a", "0015g00000ABCDe"], ["c", "#N/A"]]
    assert built.codes.to_pylist() == [None, "NO_VALID_ID", None, "ID_OF_OTHER_OBJECT"]
    assert built.fields.to_pylist()[1] == "AccountId"
    assert built.details.to_pylist()[3] == "Account expected, whose ids begin with 001"


def test_a_deletion_is_a_list_of_ids() -> None:
    built = lines_of(batch({}, Action.DELETE, ids=["003A", None, "003B"]))
    assert built.body == b'Id\n"003A"\n"003B"\n'
    assert built.codes.to_pylist() == [None, "MISSING_ID", None]


def test_an_update_starts_with_the_id() -> None:
    built = lines_of(batch({"LastName": ["x"]}, Action.UPDATE, ids=["003A"]))
    assert built.body == b'Id,LastName\n"003A","x"\n'


def test_a_row_that_is_too_long_for_the_api_fails_alone() -> None:
    built = lines_of(batch({"External_Id__c": ["a", "b"], "F": ["é" * 399_990, "é" * 400_001]}))
    assert built.codes.to_pylist() == [None, "RECORD_TOO_LONG"]


def test_rows_of_several_chunks_and_slices_keep_their_order() -> None:
    table = pa.concat_tables([pa.table({"External_Id__c": [f"k{n}"], "F": [f"v{n}"]}) for n in range(50)]).slice(7, 30)
    built = lines_of(batch({"External_Id__c": table.column(0), "F": table.column(1)}))
    assert cells(built)[1:] == [[f"k{n}", f"v{n}"] for n in range(7, 37)]
