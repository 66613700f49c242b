"""What a row says whose reference Salesforce could not resolve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from connector_salesforce.write.reference_errors import with_reference_errors

from connector_sdk import Action, Batch, Column, Reference, WriteResult

from .scripted import ScriptedTransport, add_objects, batch, described_object, org

SEVERAL = "DUPLICATE_EXTERNAL_ID"
ACCOUNTS, CONTACTS = "001000000000001AAA, 001000000000002AAA", "003000000000001AAA, 003000000000002AAA"
PREFIXES = {"Account": "001", "Contact": "003"}


def make_batch(action: Action, by: Reference) -> Batch:
    """Return a batch of three rows, whose last column refers by a key."""
    rows = {"External_Id__c": ["k1", "k2", "k3"], "Parent__c": ["old", "old", None]}
    return batch(rows, action, columns=[Column("External_Id__c"), Column("Parent__c", by=by)])


def explain(given: Batch, messages: Sequence[str], *, visible: Sequence[str] = ("Account", "Contact")) -> Any:
    """Return code and message of each row; the user can see these objects."""
    transport = ScriptedTransport()
    add_objects(transport, *(described_object(name, keyPrefix=PREFIXES[name]) for name in visible))
    codes = [SEVERAL, SEVERAL, "REQUIRED_FIELD_MISSING"]
    result = WriteResult.of(["failed"] * 3, code=codes, message=messages)
    found = with_reference_errors(org(transport), given, result).rows.to_pylist()
    return [(each["code"], each["message"]) for each in found]


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPSERT])
def test_a_key_of_several_records_is_told_with_its_object_field_and_value(action: Action) -> None:
    messages = [f"more than one record found: [{ACCOUNTS}]", f"more than one: [{CONTACTS}]", f"missing [{ACCOUNTS}]"]
    first, *others = explain(make_batch(action, Reference("Account", "Legacy__c")), messages)
    assert first[0] == "REFERENCE_AMBIGUOUS"
    for word in ("Account", "Legacy__c", "old", ACCOUNTS, messages[0]):
        assert word in first[1]
    assert others == [(SEVERAL, messages[1]), ("REQUIRED_FIELD_MISSING", messages[2])]


@pytest.mark.parametrize(
    ("by", "visible"),
    [
        (Reference("Account", "Legacy__c"), ["Contact"]),
        (Reference("Contact", "Legacy__c"), ["Account", "Contact"]),
        (Reference("Account", "Id"), ["Account", "Contact"]),
    ],
    ids=["an object that the user cannot see", "the row's own object", "an id"],
)
def test_ids_that_may_be_others_than_those_of_the_reference_leave_salesforces_words(
    by: Reference, visible: list[str]
) -> None:
    """The ids in the message of an upsert may be those of the row's own key."""
    messages = [f"more than one: [{ACCOUNTS}]", f"more than one: [{CONTACTS}]", "missing"]
    codes = [SEVERAL, SEVERAL, "REQUIRED_FIELD_MISSING"]
    assert explain(make_batch(Action.UPSERT, by), messages, visible=visible) == list(zip(codes, messages, strict=True))


def test_a_key_of_the_same_object_is_told_where_it_cannot_be_the_rows_own() -> None:
    messages = ["more than one", f"more than one: [{CONTACTS}]", "missing"]
    found = explain(make_batch(Action.CREATE, Reference("Contact", "Legacy__c")), messages)
    assert [code for code, _ in found] == [SEVERAL, "REFERENCE_AMBIGUOUS", "REQUIRED_FIELD_MISSING"]
