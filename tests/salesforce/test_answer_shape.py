"""Answers of a shape that no answer of Salesforce has are named as such, and never break a hook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from connector_salesforce.auth.oauth import request_token
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.error_bodies import fault
from connector_salesforce.transport.json_body import read_json
from connector_salesforce.transport.sending import Answer
from connector_salesforce.transport.xml import MarkupError, parse

from connector_sdk import Executed

from .emulated import Emulated
from .gateway import Forward, Reply, gateway
from .projects import Project
from .scripted import CONTACT_FIELDS, ScriptedTransport, add_objects, answer, described_field, described_object, org

DEEP = 100_000
DESCRIBE = "/services/data/v66.0/sobjects/Contact/describe"


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    "body", [b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP, b"[NaN]", b"[-Infinity]", b"[1e999]"]
)
def test_what_no_json_of_salesforce_holds_is_no_json(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever it is
        read_json(body)
    assert fault(500, {}, body).code == "ERROR_HTTP_500"


@pytest.mark.rule("C3")
def test_elements_that_stand_within_one_another_by_the_thousand_are_no_answer() -> None:
    with pytest.raises(MarkupError, match="within one another"):
        parse(b"<a>" * DEEP + b"</a>" * DEEP)


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    "change",
    [
        {"name": 7}, {"name": None}, {"name": "Two Words"}, {"name": "LastName"}, {"type": ["string"]},
        {"label": {"en": "Name"}}, {"createable": "true"}, {"nillable": 1}, {"length": "80"}, {"length": -1},
        {"referenceTo": "Account"}, {"referenceTo": [7]}, {"relationshipName": "A.B"}, {"picklistValues": [7]},
        {"picklistValues": [{"value": 7, "active": True}]}, {"picklistValues": [{"value": "x", "active": "no"}]},
    ],
)  # fmt: skip
def test_a_field_that_is_described_as_none_is_makes_the_description_unreadable(change: Mapping[str, Any]) -> None:
    transport = ScriptedTransport()
    field = described_field("Own__c") | change
    add_objects(transport, described_object("Contact", [*CONTACT_FIELDS, field]))
    with pytest.raises(CallFailed, match="ANSWER_UNREADABLE: Salesforce's answer cannot be used: the description of"):
        org(transport).describe("Contact")


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    "change", [{"name": 7}, {"keyPrefix": "(("}, {"keyPrefix": 3}, {"createable": "yes"}, {"label": None}]
)
def test_an_object_that_is_listed_as_none_is_makes_the_list_unreadable(change: Mapping[str, Any]) -> None:
    transport = ScriptedTransport()
    transport.on("GET", "/services/data/v58.0/sobjects", answer({"sobjects": [described_object("Contact") | change]}))
    with pytest.raises(CallFailed, match="ANSWER_UNREADABLE"):
        org(transport).objects()


@pytest.mark.rule("C3")
def test_the_description_of_another_object_is_not_taken_for_that_of_this_one() -> None:
    transport = ScriptedTransport()
    transport.on(
        "GET", "/services/data/v58.0/sobjects/Contact/describe", answer(described_object("Lead", CONTACT_FIELDS))
    )
    with pytest.raises(CallFailed, match="the description of Contact is that of Lead"):
        org(transport).describe("Contact")


@pytest.mark.rule("C3")
@pytest.mark.parametrize("limits", [[], ["DailyApiRequests"], "no limits", 7, None])
def test_limits_that_are_none_are_a_failed_call(limits: Any) -> None:
    transport = ScriptedTransport()
    transport.on("GET", ".*/limits", answer(limits))
    with pytest.raises(CallFailed, match="ANSWER_UNREADABLE"):
        org(transport).limits()


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    "change",
    [
        {"access_token": ["x"]}, {"access_token": "two\r\nlines"}, {"access_token": "\u2603"}, {"access_token": ""},
        {"instance_url": 7}, {"id": "https://x/id/nobody/nobody"}, {"id": None}, {"refresh_token": {}},
    ],
)  # fmt: skip
def test_a_token_answer_that_is_none_grants_nothing_and_shows_no_secret(change: Mapping[str, Any]) -> None:
    good = {
        "access_token": "00D!planted", "instance_url": "https://acme.my.salesforce.com",
        "id": "https://login.salesforce.com/id/00Dxx0000001gPLEAY/005xx000001SwiUAAS",
    }  # fmt: skip
    transport = ScriptedTransport()
    transport.on("POST", ".*/token", Answer(200, {}, json.dumps(good | change).encode()))
    with pytest.raises(CallFailed, match="ANSWER_UNREADABLE") as failed:
        request_token(transport, "https://acme.my.salesforce.com", {})  # type: ignore[arg-type]
    assert failed.value.executed is Executed.NO
    assert "planted" not in str(failed.value)
    assert "two" not in str(failed.value)


@pytest.mark.rule("C3")
@pytest.mark.parametrize("status", [203, 206, 207, 226])
def test_a_status_that_salesforce_does_not_answer_leaves_open_what_was_done(status: int) -> None:
    transport = ScriptedTransport()
    transport.on("POST", ".*", answer([], status))
    with pytest.raises(CallFailed, match="ANSWER_UNREADABLE") as failed:
        org(transport).client.write("POST", "/composite/sobjects", b"{}")
    assert (failed.value.executed, failed.value.status) == (Executed.MAYBE, status)


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    ("call", "body", "exit_code", "said"),
    [
        (DESCRIBE, b'{"name":7,"fields":[]}', 69, "Salesforce's answer cannot be used"),
        (DESCRIBE, b"[" * DEEP + b"]" * DEEP, 69, "Salesforce's answer cannot be used"),
        ("/services/data/v66.0/limits", b"[]", 0, ""),
    ],
)
def test_a_plan_says_that_an_answer_is_not_one_of_salesforce_and_speaks_of_no_bug(
    project: Project, emulated: Emulated, tmp_path: Path, call: str, body: bytes, exit_code: int, said: str
) -> None:
    def spoil_answer(forward: Forward) -> Reply:
        reply = forward()
        return Reply(reply.status, reply.headers, body)

    with gateway(emulated) as (spoiling, reached):
        made = Project(tmp_path, reached)
        made.sync(fields={"LastName": "last"})
        made.model([{"id": "k", "last": "x"}])
        for number in range(1, 20):
            spoiling.spoil(("GET", call), spoil_answer, number)
        plan = made.report("plan", "contacts")
    assert plan.exit == exit_code
    assert said in plan.said
    assert "bug" not in plan.said
    assert "Traceback" not in plan.said
    if not exit_code:
        assert any("could not check the org's limits" in each for each in plan.findings)
