"""Events as JSON, and calls that go wrong halfway."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from connector_salesforce import CallFailed
from connector_salesforce_events import Options
from connector_salesforce_events.payloads import payloads
from connector_salesforce_events.publishing import Events, write

from connector_sdk import Action, Batch, Column, Executed, Mode, OnNull
from connector_sdk.testing.doubles import RecordingRun

from ..salesforce.scripted import ScriptedTransport, answer, org, read_body

UUID = "37f2b9c0-7f0f-4b8e-9a3c-0d0b6b1f2a55"


def batch(columns: dict[str, list[Any]], api: str = "rest") -> Batch:
    """Return a batch of events to publish."""
    return Batch(
        run="run", number=1, object_name="Order_Update__e", action=Action.CREATE, mode=Mode.INSERT, api=api,
        columns=tuple(Column(name, OnNull.KEEP) for name in columns), rows=pa.table(columns),
    )  # fmt: skip


def texts(**columns: list[Any]) -> list[str]:
    return [each.text for each in payloads(batch(columns))]


def test_numbers_keep_every_digit_and_dates_have_the_form_that_salesforce_reads() -> None:
    moment = datetime(2024, 5, 1, 12, 0, 0, 123_456, tzinfo=UTC)
    decimals = pa.array([Decimal("1234567890123456.78")], pa.decimal128(18, 2))
    (text,) = texts(A=decimals, B=[True], C=[moment], D=[date(2024, 5, 2)], E=[12], F=['q " \\ \n é'])
    assert text == (
        '{"A":1234567890123456.78,"B":true,"C":"2024-05-01T12:00:00.123Z","D":"2024-05-02","E":12,'
        '"F":"q \\" \\\\ \\n é"}'
    )


@pytest.mark.rule("V12")
@pytest.mark.parametrize(
    ("values", "type_", "written"),
    [
        ([0.1 + 0.2, 1e-05, -0.0, None, 1e15], pa.float64(), ["0.30000000000000004", "0.00001", "0", None,
                                                            "1000000000000000"]),
        ([0.1], pa.float32(), ["0.1"]),
        ([Decimal("0.10"), Decimal("100.00"), Decimal("0.00")], pa.decimal128(18, 2), ["0.1", "100", "0"]),
        ([Decimal("0.00000000000000000001"), None], pa.decimal128(38, 20), ["0.00000000000000000001", None]),
    ],
)  # fmt: skip
def test_a_number_has_every_digit_and_none_that_says_nothing(
    values: list[Any], type_: pa.DataType, written: list[str | None]
) -> None:
    assert texts(A=pa.array(values, type_)) == [f'{{"A":{each}}}' if each else "{}" for each in written]


def test_a_field_without_a_value_is_left_out() -> None:
    assert texts(A=["x", None], B=[None, "y"]) == ['{"A":"x"}', '{"B":"y"}']
    assert texts(A=pa.array([None], pa.string())) == ["{}"]


@pytest.mark.parametrize(("text", "code"), [("a\0b", "NUL_CHARACTER"), ("é" * 500_000, "EVENT_TOO_LARGE"), ("x", "")])
def test_a_text_that_cannot_be_published_is_known_beforehand(text: str, code: str) -> None:
    (made,) = payloads(batch({"A": [text]}))
    assert made.refusal_code == code


def accept_calls(request: Any) -> Any:
    """Accept every call of a composite request."""
    names = [each["referenceId"] for each in json.loads(read_body(request))["compositeRequest"]]
    body = {"id": "e00", "success": True, "errors": [{"statusCode": "OPERATION_ENQUEUED", "message": UUID}]}
    return answer({"compositeResponse": [{"referenceId": each, "httpStatusCode": 201, "body": body} for each in names]})


@pytest.mark.parametrize(
    ("delivery", "executed", "status"),
    [
        ("at_most_once", Executed.MAYBE, "unknown"),
        ("at_least_once", Executed.MAYBE, "unknown"),
        ("at_most_once", Executed.NO, "not_executed"),
    ],
)
def test_of_several_requests_only_the_one_whose_answer_was_lost_is_in_doubt(
    delivery: Any, executed: Executed, status: str
) -> None:
    transport = ScriptedTransport()
    transport.on("GET", ".*/limits", answer({}))
    transport.on("POST", ".*/composite/sobjects", answer([{"errorCode": "INVALID_TYPE", "message": "no"}], 400))
    transport.on("POST", ".*/composite", accept_calls, CallFailed("CONNECTION_LOST", "gone", executed))
    events, made = Events(org(transport)), batch({"A": [f"o{number}" for number in range(80)]})
    lines = write(events, made, Options(delivery=delivery), RecordingRun().attempt(made)).rows.to_pylist()
    assert [each["status"] for each in lines] == ["succeeded"] * 25 + [status] * 25 + ["not_executed"] * 30
    assert {each["record_id"] for each in lines[:25]} == {UUID}
    assert events.single


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"success": True},
        [{"id": "e00"}],
        [{"success": False, "errors": []}],
        [{"success": True, "errors": [{}]}],
    ],
)
def test_an_answer_that_cannot_be_read_leaves_the_events_in_doubt(body: Any) -> None:
    transport = ScriptedTransport()
    transport.on("GET", ".*/limits", answer({}))
    transport.on("POST", ".*/composite/sobjects", answer(body))
    made = batch({"A": ["o1"]})
    with pytest.raises(CallFailed) as raised:
        write(Events(org(transport)), made, Options(), RecordingRun().attempt(made))
    assert raised.value.executed is Executed.MAYBE
