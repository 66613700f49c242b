"""No name or label of a value becomes anything else in the XML of a standard value set, read by a parser not ours."""

from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce import CallFailed
from connector_salesforce_picklist.metadata_api import write_set
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ..salesforce.scripted import TOKEN, ScriptedTransport, answer, org
from ..salesforce.test_injection import TEXT, unsayable

_MET = "{http://soap.sforce.com/2006/04/metadata}"
DONE = "<Envelope><Body><updateMetadataResponse><success>true</success></updateMetadataResponse></Body></Envelope>"
VALUES = st.lists(st.tuples(TEXT, st.none() | TEXT, st.booleans()), max_size=4)


def capture_message(name: str, values: list[dict[str, Any]]) -> bytes | None:
    """Return the message that writes a set; None if XML cannot express the set and nothing is sent."""
    transport = ScriptedTransport()
    transport.on("POST", ".*/Soap/.*", answer(DONE))
    try:
        write_set(org(transport), name, {"sorted": "false", "standardValue": values})
    except CallFailed:
        assert transport.requests == []
        return None
    (request,) = transport.requests
    return request.body


@given(TEXT, VALUES)
def test_values_are_read_back_as_they_were_or_nothing_is_sent(
    name: str, given: list[tuple[str, str | None, bool]]
) -> None:
    values = [{"fullName": full, "label": label, "closed": closed} for full, label, closed in given]
    body = capture_message(name, values)
    texts = [name, *(text for full, label, _ in given for text in (full, label) if text is not None)]
    assert (body is None) == any(map(unsayable, texts))
    if body is None:
        return
    root = etree.fromstring(body)
    assert root.findtext(f".//{_MET}sessionId") == TOKEN
    (metadata,) = root.iter(f"{_MET}metadata")
    assert metadata.findtext(f"{_MET}fullName") == name
    assert [
        {etree.QName(part).localname: part.text or "" for part in each}
        for each in metadata.iter(f"{_MET}standardValue")
    ] == [
        {"fullName": full, "closed": str(closed).lower()} | ({} if label is None else {"label": label})
        for full, label, closed in given
    ]


@pytest.mark.parametrize("text", ["\0", "\x1b", "\ufffe", "a\x0bb"])
def test_a_label_that_xml_cannot_say_is_not_sent(text: str) -> None:
    with pytest.raises(CallFailed, match="UNSAYABLE_IN_XML"):
        write_set(org(ScriptedTransport()), "Industry", {"standardValue": [{"fullName": "a", "label": text}]})
