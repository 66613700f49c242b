"""Answers to published events that do not say what became of each."""

from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce import CallFailed
from connector_salesforce_events.answers import read_collection, read_composite

from connector_sdk import Executed, RowStatus

UUID = "0f5b4c5e-7c3a-4b58-9d8e-2f0c5a8b1e7d"


def accept(message: str = UUID) -> dict[str, Any]:
    """Return the answer to an event that was accepted."""
    error = {"statusCode": "OPERATION_ENQUEUED", "message": message, "fields": []}
    return {"id": "e00xx0000000001AAA", "success": True, "errors": [error]}


def call(name: str) -> dict[str, Any]:
    """Return the answer to a call of a composite request."""
    return {"referenceId": name, "httpStatusCode": 201, "body": accept()}


def test_the_answers_of_a_composite_request_belong_to_the_calls_that_they_name() -> None:
    refused = {"referenceId": "e1", "httpStatusCode": 400, "body": [{"errorCode": "REQUIRED", "message": "missing"}]}
    lines = read_composite({"compositeResponse": [refused, call("e0")]}, ["e0", "e1"])
    assert [(each.status, each.uuid) for each in lines] == [(RowStatus.SUCCEEDED, UUID), (RowStatus.FAILED, None)]


@pytest.mark.rule("C4")
@pytest.mark.parametrize(
    "parts", [[], ["e0"], ["e0", "e2"], ["e0", "e0"], ["e0", "e1", "e1"], ["e0", "e1", "e2"]], ids="-".join
)
def test_a_composite_answer_that_has_not_one_part_for_each_call_leaves_all_in_doubt(parts: list[str]) -> None:
    with pytest.raises(CallFailed) as failed:
        read_composite({"compositeResponse": [call(each) for each in parts]}, ["e0", "e1"])
    assert (failed.value.code, failed.value.executed) == ("ANSWER_INCOMPLETE", Executed.MAYBE)


@pytest.mark.rule("C4")
@pytest.mark.parametrize("message", ["", "soon", UUID[:-1], f"{UUID}0", f"{UUID}\n", UUID.replace("-", "")])
def test_an_event_that_was_queued_under_no_uuid_is_in_doubt(message: str) -> None:
    first, second = read_collection([accept(), accept(message)], 2)
    assert (first.status, first.uuid) == (RowStatus.SUCCEEDED, UUID)
    assert (second.status, second.uuid, second.code) == (RowStatus.UNKNOWN, None, "ANSWER_UNREADABLE")
    with pytest.raises(CallFailed) as failed:
        read_collection([accept(message)], 1)
    assert failed.value.executed is Executed.MAYBE
