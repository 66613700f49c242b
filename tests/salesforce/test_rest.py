from __future__ import annotations

import json
from typing import Any

import pytest
from connector_salesforce import plugin
from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.write import rest

from connector_sdk import Action, Batch, Connection, Executed, NotExecuted, Unknown
from connector_sdk.testing.doubles import RecordingRun

from .scripted import (
    CONTACT_FIELDS,
    ORG_ID,
    ScriptedTransport,
    add_objects,
    answer,
    batch,
    described_object,
    org,
    read_body,
)

ID, OTHER = "003dM00003kS2ndQAC", "003dM00003kS2neQAC"
UPSERT = "/services/data/v58.0/composite/sobjects/Contact/External_Id__c"


def created_result(record_id: str = ID, **more: Any) -> dict[str, Any]:
    return {"id": record_id, "success": True, "errors": [], **more}


def refused_result(code: str, message: str, *fields: str, **more: Any) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(fields)}], **more}


def contacts(count: int = 2, action: Action = Action.UPSERT) -> Batch:
    rows = {"External_Id__c": [f"k{n}" for n in range(count)], "LastName": ["x"] * count}
    return batch(rows, action, api="rest", ids=[ID, OTHER][:count] if action is Action.UPDATE else None)


def write_batch(transport: ScriptedTransport, given: Batch, options: Options | None = None) -> list[dict[str, Any]]:
    add_objects(transport, described_object("Contact", CONTACT_FIELDS))
    opened = org(transport)
    attempt = RecordingRun().attempt(given)
    connection = Connection(handle=opened, account=ORG_ID, label="", production=None, close=opened.close)
    result = plugin.write_batch(connection, given, options or Options(), attempt)
    return list(result.rows.to_pylist())


def test_an_upsert_is_one_call_by_the_match_field() -> None:
    transport = ScriptedTransport()
    transport.on("PATCH", UPSERT, answer([created_result(created=True), created_result(OTHER, created=False)]))
    lines = write_batch(transport, contacts())
    assert [(line["status"], line["record_id"], line["created"]) for line in lines] == [
        ("succeeded", ID, True), ("succeeded", OTHER, False),
    ]  # fmt: skip
    (request,) = transport.find_requests("PATCH", "/composite")
    assert [each["External_Id__c"] for each in json.loads(read_body(request))["records"]] == ["k0", "k1"]


@pytest.mark.parametrize(("action", "method"), [(Action.CREATE, "POST"), (Action.UPDATE, "PATCH")])
def test_inserts_and_updates_have_their_method(action: Action, method: str) -> None:
    transport = ScriptedTransport()
    transport.on(method, "/services/data/v58.0/composite/sobjects", answer([created_result(), created_result(OTHER)]))
    lines = write_batch(transport, contacts(2, action))
    assert [line["created"] for line in lines] == [action is Action.CREATE] * 2


def test_a_deletion_names_its_ids() -> None:
    transport = ScriptedTransport()
    transport.on("DELETE", r".*", answer([created_result(), refused_result("ENTITY_IS_DELETED", "entity is deleted")]))
    lines = write_batch(transport, batch({}, Action.DELETE, ids=[ID, None, "003B"], api="rest"))
    assert [line["status"] for line in lines] == ["succeeded", "failed", "failed"]
    assert [line["code"] for line in lines] == [None, "MISSING_ID", "ENTITY_IS_DELETED"]
    (request,) = transport.find_requests("DELETE", "")
    assert request.url.endswith(f"/composite/sobjects?ids={ID},003B&allOrNone=false")


def test_a_row_that_failed_says_code_message_and_fields() -> None:
    transport = ScriptedTransport()
    both = {"success": False, "created": False, "errors": [
        {"statusCode": "REQUIRED_FIELD_MISSING", "message": "one", "fields": ["A", "B"]},
        {"statusCode": "STRING_TOO_LONG", "message": "two", "fields": ["C"]}]}  # fmt: skip
    gone = refused_result("INVALID_FIELD", "Foreign key external ID: x not found for field E in entity Account")
    transport.on("PATCH", UPSERT, answer([both, gone]))
    first, second = write_batch(transport, contacts())
    assert (first["code"], first["message"], first["fields"]) == ("REQUIRED_FIELD_MISSING", "one; two", "A,B,C")
    assert first["created"] is None
    assert second["code"] == "REFERENCE_NOT_FOUND"
    assert second["message"].startswith("Reference not found: Account whose E is x (INVALID_FIELD: Foreign key")


@pytest.mark.parametrize("answers", [[], [created_result()], [created_result()] * 3, {"id": ID}, '"text"', ""])
def test_answers_that_do_not_fit_the_rows_leave_them_in_doubt(answers: Any) -> None:
    transport = ScriptedTransport()
    transport.on("POST", ".*", answer(answers))
    with pytest.raises(CallFailed, match="ANSWER_INCOMPLETE") as failed:
        write_batch(transport, contacts(2, Action.CREATE))
    assert failed.value.executed is Executed.MAYBE


@pytest.mark.parametrize("line", [{}, {"success": "true", "id": ID}, {"success": False, "errors": []}, "x"])
def test_an_answer_that_cannot_be_read_leaves_the_rows_in_doubt(line: Any) -> None:
    transport = ScriptedTransport()
    transport.on("POST", ".*", answer([line]))
    with pytest.raises(CallFailed, match="ANSWER_UNREADABLE"):
        write_batch(transport, contacts(1, Action.CREATE))


def test_a_refused_request_was_not_executed_and_one_that_broke_may_have_been() -> None:
    transport = ScriptedTransport()
    transport.on("POST", ".*", answer([{"errorCode": "JSON_PARSER_ERROR", "message": "m"}], 400))
    with pytest.raises(NotExecuted, match="JSON_PARSER_ERROR"):
        write_batch(transport, contacts(2, Action.CREATE))
    transport.on("POST", ".*", answer([{"errorCode": "SERVER_UNAVAILABLE", "message": "m"}], 503))
    with pytest.raises(CallFailed):
        write_batch(transport, contacts(2, Action.CREATE))


@pytest.mark.parametrize(
    ("options", "assign", "duplicates"),
    [
        (Options(), "FALSE", None),
        (Options(assignment_rules=True), "TRUE", None),
        (Options(assignment_rules="on", duplicate_rules="allow"), "TRUE", "allowSave=true"),
        (Options(assignment_rules="01Qxx0000000001"), "01Qxx0000000001", None),
    ],
)
def test_rules_of_the_org_are_asked_for_by_headers(options: Options, assign: str, duplicates: str | None) -> None:
    transport = ScriptedTransport()
    transport.on("PATCH", UPSERT, answer([created_result()]))
    write_batch(transport, contacts(1), options)
    (request,) = transport.find_requests("PATCH", "")
    headers = request.headers
    assert (headers["Sforce-Auto-Assign"], headers.get("Sforce-Duplicate-Rule-Header")) == (assign, duplicates)


def test_a_request_that_is_too_large_is_to_be_split() -> None:
    with pytest.raises(NotExecuted) as refusal:
        write_batch(
            ScriptedTransport(),
            batch({"External_Id__c": [f"k{n}" for n in range(80)], "N": ["x" * 100_000] * 80}, api="rest"),
        )
    assert refusal.value.split


def test_what_became_of_a_lost_request_cannot_be_learnt() -> None:
    given = contacts()
    found = rest.recover(org(ScriptedTransport()), given, Options(), RecordingRun().attempt(given))
    assert isinstance(found, Unknown)
    assert "Contact" in found.hint
