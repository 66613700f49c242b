from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from connector_salesforce.write.bulk_results import ResultsError, parse_results
from hypothesis import given
from hypothesis import strategies as st

HEADER = '"Id","Success","Created","Error"\n'
ID = "001dM00003kS2ndQAC"


def parse(*lines: str, header: str = HEADER) -> list[dict[str, Any]]:
    return list(parse_results((header + "".join(f"{line}\n" for line in lines)).encode()).rows.to_pylist())


def parse_error(error: str) -> dict[str, Any]:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="").writerow(["", "false", "false", error])
    (line,) = parse(text.getvalue())
    return line


def test_rows_that_succeeded_have_an_id_and_say_whether_they_were_created() -> None:
    created, updated = parse(f'"{ID}","true","true",""', f'"{ID}","true","false",""')
    assert created == {
        "status": "succeeded",
        "record_id": ID,
        "created": True,
        "code": None,
        "message": None,
        "fields": None,
    }
    assert (updated["created"], updated["code"]) == (False, None)


@pytest.mark.parametrize(
    ("error", "code", "message", "fields"),
    [
        ("REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --", "REQUIRED_FIELD_MISSING",
         "Required fields are missing: [LastName]", "LastName"),
        ("ENTITY_IS_DELETED:entity is deleted:--", "ENTITY_IS_DELETED", "entity is deleted", None),
        ("X:a: b, \"c\"\nd:A,B__c --", "X", 'a: b, "c"\nd', "A,B__c"),
        ("BRAND_NEW_CODE_2027:one: two, \"three\"\nfour:: five:F1,F2 --", "BRAND_NEW_CODE_2027",
         'one: two, "three"\nfour:: five', "F1,F2"),
        ("words without a form", "UNKNOWN_ERROR", "words without a form", None),
        ("", "UNKNOWN_ERROR", "", None),
        ("INVALID_FIELD:Foreign key external ID: 0116 not found for field Ext__c in entity Account:--",
         "REFERENCE_NOT_FOUND",
         "INVALID_FIELD: Foreign key external ID: 0116 not found for field Ext__c in entity Account", None),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:T: execution of AfterUpdate caused by: UNABLE_TO_LOCK_ROW:--",
         "UNABLE_TO_LOCK_ROW",
         "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: T: execution of AfterUpdate caused by: UNABLE_TO_LOCK_ROW", None),
        ("INVALID_FIELD:Failed to deserialize field at col 0. Due to, '2018-09-28' is not a valid value for the type "
         "xsd:dateTime:CreatedDate --", "INVALID_VALUE", "INVALID_FIELD: Failed to deserialize field at col 0. Due to, "
         "'2018-09-28' is not a valid value for the type xsd:dateTime", "CreatedDate"),
    ],
)  # fmt: skip
def test_the_error_of_a_row_is_taken_apart(error: str, code: str, message: str, fields: str | None) -> None:
    line = parse_error(error)
    assert (line["status"], line["code"], line["message"], line["fields"]) == ("failed", code, message, fields)
    assert (line["record_id"], line["created"]) == (None, None)


def test_columns_are_found_by_name() -> None:
    (line,) = parse(f'"","true","true","{ID}"', header='"Error","Created","Success","Id"\n')
    assert (line["status"], line["record_id"]) == ("succeeded", ID)


def test_results_of_no_rows_are_no_results() -> None:
    assert parse() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>maintenance</html>",
        b'"Id","Success"\n"001dM00003kS2ndQAC","true"\n',
        HEADER.encode() + b'"001dM00003kS2ndQAC","true"\n',
        HEADER.encode() + b'"001dM00003kS2ndQAC","tr\n',
        HEADER.encode() + b'"001dM00003kS2n","yes","true",""\n',
        HEADER.encode() + b'"","true","true",""\n',
        HEADER.encode() + b'"001dM","true","true",""\n',
        HEADER.encode() + b'"001dM00003kS2ndQAC","true","true","","more"\n',
    ],
)
def test_damaged_results_are_refused(body: bytes) -> None:
    with pytest.raises(ResultsError):
        parse_results(body)


WHOLE = (
    HEADER + f'"{ID}","true","true",""\n' * 3 + '"","false","false","X:a\nb:F --"\n' + f'"{ID}","true","false",""\n'
).encode()
TRUTH = ["succeeded", "succeeded", "succeeded", "failed", "succeeded"]


@given(st.integers(0, len(WHOLE)))
def test_results_that_were_cut_never_say_that_a_row_succeeded_which_did_not(length: int) -> None:
    try:
        statuses = parse_results(WHOLE[:length]).rows.column("status").to_pylist()
    except ResultsError:
        return
    assert statuses == TRUTH[: len(statuses)]


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=1))
def test_a_changed_byte_never_turns_a_failure_into_a_success(place: int, byte: bytes) -> None:
    try:
        statuses = parse_results(WHOLE[:place] + byte + WHOLE[place + 1 :]).rows.column("status").to_pylist()
    except ResultsError:
        return
    assert len(statuses) != len(TRUTH) or all(a == b for a, b in zip(statuses, TRUTH, strict=True) if b == "failed")
