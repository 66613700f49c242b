"""The merge writer against an emulated org: its batches, its lost answers, and what it says of each record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve
from connector_salesforce import plugin
from connector_salesforce.config import Options
from connector_salesforce.errors.codes import classify
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.write import merge

from connector_sdk import NOT_EXECUTED, Action, Batch, Connection, Executed, Kind, Mode, RowError, WriteResult
from connector_sdk.testing.doubles import RecordingHost, RecordingRun

from .emulated import Emulated
from .scripted import ORG_ID, ScriptedTransport, answer, batch, org

KEYS = ["p", "a", "b", "c", "d"]
SOAP = {"method": "POST", "path": "/services/Soap/*"}
ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">'
    "<soapenv:Body><mergeResponse>{}</mergeResponse></soapenv:Body></soapenv:Envelope>"
)


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


@pytest.fixture
def connection(emulated: Emulated, host: RecordingHost) -> Iterator[Connection]:
    emulated.insert("Contact", *({"LastName": each, "External_Id__c": each} for each in KEYS))
    opened = plugin.connect(emulated.config(), host)
    yield opened
    opened.close()


def ids(emulated: Emulated) -> dict[str, str]:
    everything = [*emulated.records("Contact"), *emulated.recycle_bin("Contact")]
    return {each["External_Id__c"]: each["Id"] for each in everything}


def merge_pairs(found: dict[str, str], *pairs: tuple[str, str]) -> Batch:
    """Return a batch that merges the first of each pair into the second."""
    empty = batch({}, Action.DELETE, ids=[found[child] for child, _ in pairs], api="bulk")
    into = pa.array([found[master] for _, master in pairs])
    return evolve(empty, action=Action.MERGE, mode=Mode.UPSERT, merge_into=into)


def lines(result: object) -> list[dict[str, Any]]:
    assert isinstance(result, WriteResult)
    return list(result.rows.to_pylist())


def write_batch(connection: Connection, given: Batch, run: RecordingRun | None = None) -> list[dict[str, Any]]:
    return lines(plugin.write_batch(connection, given, Options(), (run or RecordingRun()).attempt(given)))


def merges(emulated: Emulated) -> list[tuple[str, list[str]]]:
    keys = {id_: key for key, id_ in ids(emulated).items()}
    return [(keys[each["master"]], [keys[id_] for id_ in each["merged"]]) for each in emulated.stats()["merges"]]


def test_a_record_takes_in_two_others_at_a_time_in_one_call(emulated: Emulated, connection: Connection) -> None:
    found = ids(emulated)
    result = write_batch(connection, merge_pairs(found, ("a", "p"), ("b", "p"), ("c", "p"), ("d", "p")))
    assert [each["status"] for each in result] == ["succeeded"] * 4
    assert {each["record_id"] for each in result} == {found["p"]}
    assert result[0]["message"] == f"{found['a']} was merged into {found['p']}"
    assert merges(emulated) == [("p", ["a", "b"]), ("p", ["c", "d"])]
    assert sum(count for call, count in emulated.stats()["calls"].items() if "Soap" in call) == 1
    assert [each["External_Id__c"] for each in emulated.records("Contact")] == ["p"]
    assert {each["MasterRecordId"] for each in emulated.recycle_bin("Contact")} == {found["p"]}


def test_neighbours_with_another_master_are_merges_of_their_own(emulated: Emulated, connection: Connection) -> None:
    write_batch(connection, merge_pairs(ids(emulated), ("a", "p"), ("b", "c"), ("d", "c")))
    assert merges(emulated) == [("p", ["a"]), ("c", ["b", "d"])]


def test_a_record_is_not_merged_into_itself(emulated: Emulated, connection: Connection) -> None:
    first, second, third = write_batch(connection, merge_pairs(ids(emulated), ("a", "p"), ("p", "p"), ("b", "p")))
    assert [first["status"], second["status"], third["status"]] == ["succeeded", "failed", "succeeded"]
    assert second["code"] == "INVALID_MERGE_RECORD"
    assert merges(emulated) == [("p", ["a", "b"])]


def test_what_was_merged_before_is_merged_and_not_an_error(emulated: Emulated, connection: Connection) -> None:
    given = merge_pairs(ids(emulated), ("a", "p"), ("b", "p"))
    write_batch(connection, given)
    assert [each["status"] for each in write_batch(connection, given)] == ["succeeded"] * 2
    assert len(merges(emulated)) == 1


def test_a_record_that_somebody_merged_into_another_one_is_refused_with_both_ids(
    emulated: Emulated, connection: Connection
) -> None:
    found = ids(emulated)
    write_batch(connection, merge_pairs(found, ("a", "d")))
    (line,) = write_batch(connection, merge_pairs(found, ("a", "p")))
    assert line["code"] == "MERGED_ELSEWHERE"
    assert all(found[each] in line["message"] for each in ("a", "d", "p"))


def test_a_record_that_is_gone_is_told_from_one_whose_master_is_gone(
    emulated: Emulated, connection: Connection
) -> None:
    found = ids(emulated)
    emulated.delete("Contact", found["a"], found["d"])
    gone, alone = write_batch(connection, merge_pairs(found, ("a", "p"), ("b", "d")))
    assert (gone["code"], alone["code"]) == ("ENTITY_IS_DELETED", "MASTER_IS_DELETED")
    known = classify(RowError(gone["code"], "", Action.MERGE))
    assert known is not None
    assert known.record_gone
    other = classify(RowError(alone["code"], "", Action.MERGE))
    assert other is not None
    assert (other.kind, other.record_gone) == (Kind.REJECTED, False)


def test_nothing_is_said_against_a_record_whose_partner_is_gone(emulated: Emulated, connection: Connection) -> None:
    found = ids(emulated)
    emulated.delete("Contact", found["a"])
    gone, innocent = write_batch(connection, merge_pairs(found, ("a", "p"), ("b", "p")))
    assert (gone["code"], innocent["status"], innocent["code"]) == ("ENTITY_IS_DELETED", "not_executed", None)


def test_of_two_records_that_are_refused_together_each_is_tried_by_itself(
    emulated: Emulated, connection: Connection
) -> None:
    emulated.faults({"match": {**SOAP, "key": "a"}, "do": {"error": {"code": "DELETE_FAILED"}}})
    found = ids(emulated)
    pair = write_batch(connection, merge_pairs(found, ("a", "p"), ("b", "p")))
    assert [each["code"] for each in pair] == ["MERGE_PAIR_REFUSED"] * 2
    assert "DELETE_FAILED" in pair[0]["message"]
    known = classify(RowError("MERGE_PAIR_REFUSED", "", Action.MERGE))
    assert known is not None
    assert (known.kind, known.max_retry_rows) == (Kind.TRANSIENT, 1)
    assert [each["code"] for each in write_batch(connection, merge_pairs(found, ("a", "p")))] == ["DELETE_FAILED"]
    assert [each["status"] for each in write_batch(connection, merge_pairs(found, ("b", "p")))] == ["succeeded"]


def test_locked_records_are_said_to_be_locked(emulated: Emulated, connection: Connection) -> None:
    emulated.faults({"match": {**SOAP, "key": "a"}, "do": {"error": {"code": "UNABLE_TO_LOCK_ROW"}}})
    pair = write_batch(connection, merge_pairs(ids(emulated), ("a", "p"), ("b", "p")))
    assert [each["code"] for each in pair] == ["UNABLE_TO_LOCK_ROW"] * 2


@pytest.mark.parametrize(("cut", "statuses"), [("before", None), ("after", ["succeeded"] * 3)])
def test_a_lost_answer_is_verified_by_what_the_records_say(
    emulated: Emulated, connection: Connection, cut: str, statuses: Sequence[str] | None
) -> None:
    emulated.faults({"match": SOAP, "do": {"cut": cut}, "times": 1})
    given, run = merge_pairs(ids(emulated), ("a", "p"), ("b", "p"), ("c", "p")), RecordingRun()
    with pytest.raises(CallFailed) as raised:
        write_batch(connection, given, run)
    assert raised.value.executed is Executed.MAYBE
    assert [each.step for each in run.anchors] == ["merging"]
    answered = plugin.recover_batch(connection, given, Options(), run.attempt(given))
    if statuses is None:
        assert answered is NOT_EXECUTED
    else:
        assert [each["status"] for each in lines(answered)] == statuses


def test_of_a_batch_that_was_merged_in_part_the_rest_is_sent_again(emulated: Emulated, connection: Connection) -> None:
    found = ids(emulated)
    write_batch(connection, merge_pairs(found, ("a", "p"), ("b", "p")))
    given = merge_pairs(found, ("a", "p"), ("b", "p"), ("c", "p"))
    answered = lines(plugin.recover_batch(connection, given, Options(), RecordingRun().attempt(given)))
    assert [each["status"] for each in answered] == ["succeeded", "succeeded", "not_executed"]
    assert [each["record_id"] for each in answered] == [found["p"], found["p"], None]


def test_a_session_that_ends_is_renewed_and_its_token_is_never_shown(
    emulated: Emulated, connection: Connection, host: RecordingHost
) -> None:
    given = merge_pairs(ids(emulated), ("a", "p"))
    before = connection.handle.client.login.token
    emulated.expire()
    assert [each["status"] for each in write_batch(connection, given)] == ["succeeded"]
    after = connection.handle.client.login.token
    assert after != before
    shown = [each.request_body for each in host.calls if "Soap" in each.url]
    assert len(shown) == 2
    assert all("<" in each and before not in each and after not in each for each in shown)


def test_a_duplicate_rule_is_overruled_where_the_sync_says_so() -> None:
    given, transport = merge_pairs({"a": "003A", "p": "003P"}, ("a", "p")), ScriptedTransport()
    done = ENVELOPE.format("<result><id>003P</id><success>true</success></result>")
    transport.on("POST", "/services/Soap/u/58.0", answer(done))
    opened = org(transport)
    for options, says in ((Options(), False), (Options(duplicate_rules="allow"), True)):
        merge.write(opened, given, options, RecordingRun().attempt(given))
        assert (b"allowSave" in transport.requests[-1].body) == says


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + ENVELOPE.format(""), "ANSWER_UNREADABLE"),
        (ENVELOPE.format(""), "ANSWER_INCOMPLETE"),
        (ENVELOPE.format("<result><success>false</success></result>"), "ANSWER_UNREADABLE"),
        (ENVELOPE.format("<result><id>003P</id><success>TRUE</success></result>"), "ANSWER_UNREADABLE"),
        (ENVELOPE.format("<result><id>003Q</id><success>true</success></result>"), "ANSWER_UNREADABLE"),
    ],
)
def test_an_answer_that_is_none_leaves_it_open_what_was_done(body: str, code: str) -> None:
    given, transport = merge_pairs({"a": "003A", "p": "003P"}, ("a", "p")), ScriptedTransport()
    transport.on("POST", "/services/Soap/u/58.0", answer(body))
    opened = org(transport)
    with pytest.raises(CallFailed) as raised:
        plugin.write_batch(
            Connection(handle=opened, account=ORG_ID, label="", production=None, close=opened.close),
            given,
            Options(),
            RecordingRun().attempt(given),
        )
    assert (raised.value.code, raised.value.executed) == (code, Executed.MAYBE)
