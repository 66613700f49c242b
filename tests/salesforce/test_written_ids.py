"""Ids that writes are answered with: a row counts as written only under an id that can be that of its record."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from connector_salesforce import plugin
from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.match import match
from connector_salesforce.transport.sending import Answer

from connector_sdk import Action, Batch, Connection, Executed, NotExecuted
from connector_sdk.testing.doubles import RecordingRun

from . import bulkorg, ingestorg
from .bulkorg import BulkOrg
from .emulated import Emulated
from .gateway import Forward, Reply, gateway
from .ingestorg import IngestOrg
from .projects import Project
from .scripted import CONTACT_FIELDS, ORG_ID, ScriptedTransport, add_objects, answer, batch, described_object, org

ONE, TWO = "003dM00003kS2ndQAC", "003dM00003kS2neQAC"
UNUSABLE: dict[str, Any] = {
    "null": None, "empty": "", "short": TWO[:14], "long": f"{TWO}A", "wrong check characters": f"{TWO[:15]}QAA",
    "of another object": "001dM00003kS2neQAC", "with a control character": f"{TWO[:14]}\n{TWO[15:]}",
    "with foreign digits": "003dM00003kS\uff12ndQAC", "a number": 3, "a list": [TWO], "a path": "../../sobjects/User",
}  # fmt: skip


def contacts(action: Action, api: str = "rest") -> Batch:
    rows = {"External_Id__c": ["a", "b"], "LastName": ["x", "y"]}
    if action is Action.DELETE:
        return batch({}, action, ids=[ONE, TWO], api=api)
    return batch(rows, action, api=api, ids=[ONE, TWO] if action is Action.UPDATE else None)


def write_batch(given: Batch, *answers: Any, sobjects: Answer | None = None) -> list[dict[str, Any]]:
    """Write a batch through Collections, which give these answers."""
    transport = ScriptedTransport()
    add_objects(transport, described_object("Contact", CONTACT_FIELDS))
    if sobjects is not None:
        transport.on("GET", "/services/data/v58.0/sobjects", sobjects)
    for method in ("POST", "PATCH", "DELETE"):
        transport.on(method, ".*/composite/sobjects.*", answer(list(answers)))
    opened = org(transport)
    connection = Connection(handle=opened, account=ORG_ID, label="", production=None, close=opened.close)
    result = plugin.write_batch(connection, given, Options(), RecordingRun().attempt(given))
    return list(result.rows.to_pylist())


def success(record_id: Any, **more: Any) -> dict[str, Any]:
    return {"id": record_id, "success": True, "errors": [], **more}


@pytest.mark.rule("C4")
@pytest.mark.parametrize("said", ["false", "true", 1, None, [], {"value": True}])
def test_only_the_value_true_says_that_a_row_was_written(said: Any) -> None:
    lines = write_batch(contacts(Action.CREATE), success(ONE), success(TWO, success=said))
    assert [each["status"] for each in lines] == ["succeeded", "unknown"]
    assert lines[1]["code"] == "ANSWER_UNREADABLE"


@pytest.mark.rule("C4")
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.UPSERT, Action.DELETE])
@pytest.mark.parametrize("form", UNUSABLE)
def test_a_row_that_was_written_under_an_unusable_id_is_in_doubt(action: Action, form: str) -> None:
    lines = write_batch(contacts(action), success(ONE), success(UNUSABLE[form]))
    assert [(each["status"], each["record_id"]) for each in lines] == [("succeeded", ONE), ("unknown", None)]
    assert lines[1]["code"] == "RECORD_ID_UNUSABLE"


@pytest.mark.rule("C4")
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPSERT])
def test_one_id_for_several_rows_is_none_of_theirs(action: Action) -> None:
    lines = write_batch(contacts(action), success(ONE), success(ONE[:15]))
    assert [(each["status"], each["record_id"]) for each in lines] == [("unknown", None)] * 2


@pytest.mark.rule("C4")
@pytest.mark.parametrize("action", [Action.UPDATE, Action.DELETE])
def test_a_row_that_was_sent_by_its_id_is_answered_with_that_id(action: Action) -> None:
    assert [each["status"] for each in write_batch(contacts(action), success(ONE[:15]), success(TWO))] == [
        "succeeded"
    ] * 2
    foreign = write_batch(contacts(action), success(ONE), success("003dM00003kS2nfQAC"))
    assert [each["status"] for each in foreign] == ["succeeded", "unknown"]


@pytest.mark.rule("C4")
@pytest.mark.parametrize("action", [Action.UPDATE, Action.DELETE])
def test_where_a_row_is_answered_with_the_id_of_another_one_no_result_is_that_of_its_row(action: Action) -> None:
    refused = {"success": False, "errors": [{"statusCode": "STRING_TOO_LONG", "message": "m"}]}
    for answers in ([success(TWO), success(ONE)], [refused, success(ONE)]):
        with pytest.raises(CallFailed, match="the record id of another row") as failed:
            write_batch(contacts(action), *answers)
        assert failed.value.executed is Executed.MAYBE


def test_a_row_that_failed_has_no_id_that_cannot_be_one() -> None:
    refused = {"success": False, "id": "../..", "errors": [{"statusCode": "STRING_TOO_LONG", "message": "m"}]}
    lines = write_batch(contacts(Action.CREATE), success(ONE), refused)
    assert [(each["status"], each["record_id"]) for each in lines] == [("succeeded", ONE), ("failed", None)]


@pytest.mark.rule("C4")
@pytest.mark.parametrize(
    "error", [{}, {"statusCode": 7}, {"statusCode": "A\nB"}, "x", {"statusCode": "A", "fields": 1}]
)
def test_a_refusal_that_cannot_be_read_is_no_refusal(error: Any) -> None:
    lines = write_batch(contacts(Action.CREATE), success(ONE), {"success": False, "id": None, "errors": [error]})
    assert [each["status"] for each in lines] == ["succeeded", "unknown"]


@pytest.mark.rule("C4")
def test_rows_that_were_written_stay_so_where_the_form_of_their_ids_cannot_be_asked_for() -> None:
    limited = answer([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}], 403)
    lines = write_batch(contacts(Action.DELETE), success(ONE), success(TWO), sobjects=limited)
    assert [each["status"] for each in lines] == ["succeeded"] * 2


@pytest.mark.rule("C4")
def test_the_words_for_a_row_that_was_refused_do_not_make_the_others_seem_not_executed() -> None:
    several = {"success": False, "errors": [{"statusCode": "DUPLICATE_EXTERNAL_ID", "message": f"[{ONE}, {TWO}]"}]}
    limited = answer([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}], 403)
    try:
        lines = write_batch(contacts(Action.CREATE), success(ONE), several, sobjects=limited)
    except NotExecuted:
        pytest.fail("the first row was created, and would be created again")
    assert [each["status"] for each in lines] == ["succeeded", "failed"]


@pytest.mark.rule("C4")
def test_results_of_a_batch_with_another_objects_ids_leave_those_rows_in_doubt(bulk_org: BulkOrg) -> None:
    bulk_org.results["751000000000000AAA"] = [
        b'"Id","Success","Created","Error"\n'
        b'"003dM00003kS2ndQAC","true","true",""\n"001dM00003kS2neQAC","true","true",""\n'
    ]
    lines = bulkorg.write_batch(org(bulk_org.transport), bulkorg.contacts("a", "b"), RecordingRun(longest=0))
    assert [(each["status"], each["code"]) for each in lines] == [
        ("succeeded", None),
        ("unknown", "RECORD_ID_UNUSABLE"),
    ]


@pytest.mark.rule("C4")
def test_results_of_a_job_with_another_records_id_leave_that_row_in_doubt() -> None:
    scripted = IngestOrg()
    scripted.files = {"successfulResults": [[(ONE, "true", ONE, "of a"), (ONE[:15], "true", TWO, "of b")]]}
    lines = ingestorg.write_batch(
        org(scripted.transport), ingestorg.contacts(ONE, TWO, action=Action.UPDATE), RecordingRun(longest=0)
    )
    assert [each["status"] for each in lines] == ["unknown"] * 2


@pytest.mark.rule("C4")
@pytest.mark.parametrize(
    "record",
    [{"Id": "001dM00003kS2ndQAC"}, {"Id": f"{ONE[:15]}QAA"}, {"Id": None}, {}, {"Id": ONE, "External_Id__c": 7}],
)
def test_a_record_that_cannot_be_one_of_the_object_is_no_match(record: dict[str, Any]) -> None:
    transport = ScriptedTransport()
    add_objects(transport, described_object("Contact", CONTACT_FIELDS))
    page = {"totalSize": 1, "done": True, "records": [{"External_Id__c": "a", **record}]}
    transport.on("GET", r".*/query\?.*", answer(page))
    with pytest.raises(CallFailed, match="ANSWER_UNREADABLE"):
        match(org(transport), ["Contact"], "External_Id__c", pa.array(["a"]))


@pytest.mark.rule("C4")
@pytest.mark.parametrize("page", [{"totalSize": 2, "done": True}, {"totalSize": 1, "done": "false"}, {"done": 1}])
def test_a_page_that_may_not_be_all_is_not_taken_for_all(page: dict[str, Any]) -> None:
    transport = ScriptedTransport()
    add_objects(transport, described_object("Contact", CONTACT_FIELDS))
    transport.on("GET", r".*/query\?.*", answer({**page, "records": [{"Id": ONE, "External_Id__c": "a"}]}))
    with pytest.raises(CallFailed, match="ANSWER_UNREADABLE"):
        match(org(transport), ["Contact"], "External_Id__c", pa.array(["a", "b"]))


def test_a_record_that_comes_with_two_keys_is_no_match() -> None:
    transport = ScriptedTransport()
    add_objects(transport, described_object("Contact", CONTACT_FIELDS))
    records = [{"Id": ONE, "External_Id__c": each} for each in "ab"]
    transport.on("GET", r".*/query\?.*", answer({"totalSize": 2, "done": True, "records": records}))
    with pytest.raises(CallFailed, match="comes with two values") as failed:
        match(org(transport), ["Contact"], "External_Id__c", pa.array(["a", "b"]))
    assert failed.value.executed is Executed.NO


@pytest.mark.rule("C4")
def test_what_may_have_been_created_under_another_objects_id_is_held_and_never_deleted_by_it(
    project: Project, emulated: Emulated, tmp_path: Any
) -> None:
    def change_id(forward: Forward) -> Reply:
        reply = forward()
        said = json.loads(reply.body)
        said[1]["id"] = "001000000000001AAA"
        return Reply(reply.status, reply.headers, json.dumps(said).encode())

    with gateway(emulated) as (spoiling, reached):
        made = Project(tmp_path, reached)
        made.sync(
            mode="insert", match=None, fields={"LastName": "last", "External_Id__c": "id"}, options={"api": "rest"}
        )
        made.model([{"id": key, "last": "x"} for key in ("a", "b", "c")])
        spoiling.spoil(("POST", "/services/data/v66.0/composite/sobjects"), change_id)
        run = made.run("--first-run", "send")
        lines = made.ledger(run)
        again = made.run()
    assert (run.exit, again.exit) == (3, 3), again.said
    assert {key: each["outcome"] for key, each in lines.items()} == {"a": "succeeded", "b": "unknown", "c": "succeeded"}
    assert (lines["b"]["record_id"], lines["b"]["code"]) == (None, "RECORD_ID_UNUSABLE")
    assert "connector resolve" in lines["b"]["advice"]
    assert sorted(each["External_Id__c"] for each in emulated.records("Contact")) == ["a", "b", "c"]
