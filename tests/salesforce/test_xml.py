from __future__ import annotations

import pytest
from connector_salesforce.transport.xml import NAMESPACE, MarkupError, document, parse, values_of
from hypothesis import given
from hypothesis import strategies as st

_XML = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")


@given(st.text(alphabet=_XML))
def test_every_text_is_read_back_as_it_was(text: str) -> None:
    built = document("jobInfo", {"object": text, "state": "Open"})
    assert values_of(parse(built)) == {"object": text.strip(), "state": "Open"}


def test_a_document_has_the_namespace_of_the_bulk_api() -> None:
    assert parse(document("jobInfo", {})).tag == f"{{{NAMESPACE}}}jobInfo"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<a>",
        b"<!DOCTYPE html><html></html>",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>',
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'.encode("utf-16"),
    ],
)
def test_what_is_no_plain_xml_is_refused(body: bytes) -> None:
    with pytest.raises(MarkupError):
        parse(body)
