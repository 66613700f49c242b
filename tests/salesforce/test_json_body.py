from __future__ import annotations

import json
from typing import Any

import pytest
from connector_salesforce import plugin
from connector_salesforce.config import Options
from connector_salesforce.transport.error_bodies import fault
from connector_salesforce.transport.json_body import read_json
from hypothesis import given
from hypothesis import strategies as st

from connector_sdk import Action, Connection
from connector_sdk.testing.doubles import RecordingRun

from .scripted import CONTACT_FIELDS, ScriptedTransport, add_objects, answer, batch, described_object, org

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
INTEGERS = st.integers(-(2**63), 2**64 - 1)
"""What an answer counts with; a longer number would be read as floating point."""
ANYTHING = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)
)


@given(ANYTHING, st.booleans())
def test_an_answer_is_read_as_it_is(value: Any, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.text())
def test_every_text_of_an_answer_can_be_stored(text: str) -> None:
    found = read_json(json.dumps({text: text}).encode())
    ((key, value),) = found.items()
    assert key == value
    value.encode()


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":', b"\xff"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever it is
        read_json(body)


def test_a_row_error_with_half_a_character_is_the_error_of_its_row() -> None:
    transport = ScriptedTransport()
    add_objects(transport, described_object("Contact", CONTACT_FIELDS))
    error = b'{"statusCode":"SOMETHING","message":"cut \\ud83d","fields":["a\\udc00"]}'
    transport.on("POST", ".*", answer(b'[{"success":false,"errors":[' + error + b"]}]"))
    rows = batch({"LastName": ["x"]}, Action.CREATE, api="rest")
    connection = Connection(
        handle=org(transport), account="account", label="label", production=None, close=lambda: None
    )
    result = plugin.write_batch(connection, rows, Options(), RecordingRun().attempt(rows))
    (line,) = result.rows.to_pylist()
    assert (line["status"], line["code"], line["message"], line["fields"]) == ("failed", "SOMETHING", "cut ?", "a?")


def test_an_error_with_half_a_character_can_be_told() -> None:
    failure = fault(400, {}, b'[{"errorCode":"X","message":"cut \\uDBFF"}]')
    assert failure.message == "cut ?"
