from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.write.cells import Target
from connector_salesforce.write.column_targets import targets

from connector_sdk import Action, Column, Executed, NotExecuted, Reference

from .scripted import ScriptedTransport, add_objects, answer, batch, described_field, described_object, org

KEY = Reference("Account", "External_Id__c")


def find_target(column: Column, *fields: dict[str, Any]) -> Target:
    """Return where a column of contacts with these fields goes."""
    transport = ScriptedTransport()
    add_objects(transport, described_object("Contact", fields), described_object("Account", keyPrefix="001"))
    return targets(org(transport), batch({column.field: ["a"]}, Action.CREATE, columns=[column]))(column)


def reference(**attributes: Any) -> dict[str, Any]:
    described = {"referenceTo": ["Account"], "relationshipName": "Account", **attributes}
    return described_field("AccountId", "reference", **described)


def test_a_key_goes_into_the_field_of_the_record_that_it_refers_to() -> None:
    target = find_target(Column("AccountId", by=KEY), reference())
    assert (target.relationship, target.key, target.object_name) == ("Account", "External_Id__c", None)


def test_a_reference_to_several_objects_names_the_one_whose_key_it_holds() -> None:
    target = find_target(Column("AccountId", by=KEY), reference(referenceTo=["Account", "Lead"]))
    assert target.object_name == "Account"


@pytest.mark.parametrize(
    "fields", [(), (reference(relationshipName=None),), (described_field("AccountId"),)],
    ids=["absent", "takes ids only", "no reference"],
)  # fmt: skip
def test_a_field_that_takes_no_key_is_named_and_nothing_is_sent(fields: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(NotExecuted) as refused:
        find_target(Column("AccountId", by=KEY), *fields)
    assert refused.value.code == "FIELD_NOT_FOUND"
    assert "Contact.AccountId" in refused.value.message


def test_an_object_that_cannot_be_described_proves_that_nothing_was_sent() -> None:
    transport, column = ScriptedTransport(), Column("LastName")
    transport.on("GET", ".*/describe", answer([{"errorCode": "API_DISABLED_FOR_ORG", "message": "off"}], 403))
    with pytest.raises(CallFailed) as failed:
        targets(org(transport), batch({"LastName": ["a"]}, Action.CREATE))(column)
    assert failed.value.executed is Executed.NO
