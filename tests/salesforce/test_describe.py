from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce.org.describe import discover_schema, list_objects

from connector_sdk import ConfigError, Equality, Field, FieldType, Mode, ObjectSchema, ReferenceKey

from .scripted import CONTACT_FIELDS, ScriptedTransport, add_objects, described_field, described_object, org

ACCOUNT = described_object(
    "Account",
    [described_field("Id", "id"), described_field("Key__c", externalId=True, idLookup=True, unique=True),
     described_field("Name", idLookup=False), described_field("Number", idLookup=True, unique=True)],
    keyPrefix="001",
)  # fmt: skip


def schema_of(*fields: dict[str, Any], **attributes: Any) -> ObjectSchema:
    transport = ScriptedTransport()
    add_objects(transport, described_object("Contact", fields, **attributes), ACCOUNT)
    return discover_schema(org(transport), "Contact", False)


def one(name: str, type_: str = "string", **attributes: Any) -> Field:
    (field,) = schema_of(described_field(name, type_, **attributes)).fields
    return field


def contact(name: str) -> Field:
    return next(each for each in schema_of(*CONTACT_FIELDS).fields if each.name == name)


@pytest.mark.parametrize(
    ("type_", "attributes", "expected"),
    [
        ("string", {"length": 40}, (FieldType.TEXT, 40, None, None)),
        ("textarea", {"length": 32_000}, (FieldType.TEXT, 32_000, None, None)),
        ("email", {"length": 80}, (FieldType.TEXT, 80, None, None)),
        ("encryptedstring", {"length": 175}, (FieldType.TEXT, 175, None, None)),
        ("combobox", {"length": 255}, (FieldType.TEXT, 255, None, None)),
        ("picklist", {"length": 255}, (FieldType.CHOICE, None, None, None)),
        ("multipicklist", {"length": 4099}, (FieldType.CHOICES, 4099, None, None)),
        ("int", {"digits": 8}, (FieldType.INTEGER, None, 8, None)),
        ("double", {"precision": 18, "scale": 2}, (FieldType.DECIMAL, None, 18, 2)),
        ("currency", {"precision": 18, "scale": 0}, (FieldType.DECIMAL, None, 18, 0)),
        ("percent", {"precision": 3, "scale": 0}, (FieldType.DECIMAL, None, 3, 0)),
        ("boolean", {}, (FieldType.BOOLEAN, None, None, None)),
        ("date", {}, (FieldType.DATE, None, None, None)),
        ("datetime", {}, (FieldType.DATETIME, None, None, None)),
        ("time", {}, (FieldType.TIME, None, None, None)),
        ("base64", {}, (FieldType.BINARY, None, None, None)),
        ("reference", {"referenceTo": ["Account"], "length": 18}, (FieldType.REFERENCE, None, None, None)),
        ("reference", {"referenceTo": [], "length": 18}, (FieldType.TEXT, 18, None, None)),
        ("a-type-of-tomorrow", {}, (FieldType.TEXT, None, None, None)),
    ],
)
def test_every_type_has_a_type_in_the_cores_words(type_: str, attributes: dict[str, Any], expected: Any) -> None:
    field = one("F", type_, **attributes)
    assert (field.type, field.length, field.precision, field.scale) == expected
    assert field.native_type == type_


def test_a_field_is_required_only_where_salesforce_gives_no_default() -> None:
    assert one("F", nillable=False).required
    assert not one("F", nillable=False, defaultedOnCreate=True).required
    assert not one("F", nillable=False, createable=False).required
    assert not one("F").required


def test_active_values_bind_where_the_picklist_is_restricted() -> None:
    values = [{"value": "a", "active": True}, {"value": "b", "active": False}]
    field = one("F", "picklist", picklistValues=values, restrictedPicklist=True)
    assert (field.values, field.restricted) == (("a",), True)
    assert not one("F", "picklist", picklistValues=values).restricted


@pytest.mark.parametrize(
    ("attributes", "equality"),
    [
        ({"unique": True}, {Equality.TRIMMED, Equality.CASELESS}),
        ({"unique": True, "caseSensitive": True}, {Equality.TRIMMED}),
        ({"externalId": True}, {Equality.TRIMMED}),
    ],
)
def test_values_are_equal_as_the_field_says(attributes: dict[str, Any], equality: set[Equality]) -> None:
    assert one("F", **attributes).equality == equality
    assert one("N", "double", unique=True).equality == {Equality.NUMERIC}


@pytest.mark.rule("V16")
@pytest.mark.parametrize(
    ("type_", "attributes", "equality"),
    [
        ("string", {}, {Equality.TRIMMED, Equality.CASELESS}),
        ("email", {"idLookup": True}, {Equality.TRIMMED, Equality.CASELESS}),
        ("picklist", {}, {Equality.TRIMMED, Equality.CASELESS}),
        ("string", {"externalId": True}, {Equality.TRIMMED, Equality.CASELESS}),
        ("string", {"unique": True}, {Equality.TRIMMED, Equality.CASELESS}),
        ("string", {"unique": True, "caseSensitive": True}, None),
        ("id", {}, None),
        ("reference", {"referenceTo": ["Account"]}, None),
        ("double", {}, None),
    ],
)
def test_a_search_compares_text_without_case_unless_the_field_minds_it(
    type_: str, attributes: dict[str, Any], equality: set[Equality] | None
) -> None:
    assert one("F", type_, **attributes).search_equality == equality


@pytest.mark.rule("V12")
@pytest.mark.parametrize("type_", ["double", "currency", "percent", "int", "long", "string"])
def test_number_fields_with_decimals_store_more_of_them_than_they_show(type_: str) -> None:
    assert one("F", type_).stores_more_decimals is (type_ in ("double", "currency", "percent"))


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"type_": "id", "permissionable": False}, "Salesforce id"),
        ({"calculated": True, "calculatedFormula": "1+1"}, "formula"),
        ({"calculated": True}, "roll-up"),
        ({"autoNumber": True}, "auto-number"),
        ({"type_": "address"}, "compound"),
        ({"nameField": True, "extraTypeInfo": "personname"}, "compound"),
        ({"permissionable": False}, "system field"),
        ({"permissionable": True}, "Field-Level Security"),
    ],
)
def test_a_field_that_cannot_be_written_says_why(attributes: dict[str, Any], word: str) -> None:
    type_ = attributes.pop("type_", "string")
    field = one("F", type_, createable=False, updateable=False, **attributes)
    assert field.not_writable.keys() == {Mode.INSERT, Mode.UPDATE, Mode.UPSERT}
    assert all(word in why for why in field.not_writable.values())


def test_fields_for_only_new_or_only_old_records_say_so() -> None:
    born, grown = one("F", updateable=False), one("F", createable=False)
    assert born.not_writable == {Mode.UPDATE: "can be set only when a record is created"}
    assert grown.not_writable == {Mode.INSERT: "can be set only on a record that exists"}


def test_only_an_external_id_is_a_key_for_upserts_and_others_say_what_they_lack() -> None:
    assert Mode.UPSERT not in contact("External_Id__c").not_matchable
    assert contact("External_Id__c").recommended
    assert "use mode update" in contact("Id").not_matchable[Mode.UPSERT]
    for name in ("Email", "Unique_Key__c"):
        why = contact(name).not_matchable[Mode.UPSERT]
        assert "not marked External ID in Salesforce" in why
        assert "External ID and Unique ticked" in why
        assert not contact(name).recommended


def test_updates_match_on_the_id_and_on_unique_and_external_fields() -> None:
    for name in ("Id", "External_Id__c", "Unique_Key__c"):
        assert not {Mode.UPDATE, Mode.ARCHIVE} & contact(name).not_matchable.keys()
    for name in ("Email", "LastName"):
        assert {Mode.UPDATE, Mode.ARCHIVE} <= contact(name).not_matchable.keys()
    assert "searched" in one("F", unique=True, filterable=False).not_matchable[Mode.UPDATE]


def test_an_external_id_that_is_not_unique_is_allowed_with_a_warning() -> None:
    field = one("F", externalId=True)
    assert Mode.UPSERT not in field.not_matchable
    assert "View All Data" in field.warnings[Mode.UPSERT]
    assert not field.recommended


def test_an_external_id_that_the_user_only_reads_is_no_key_for_new_records() -> None:
    seen = one("F", externalId=True, unique=True, createable=False, updateable=False, permissionable=True)
    assert Mode.UPSERT not in seen.not_matchable
    assert "new ones are refused" in seen.warnings[Mode.UPSERT]
    assert not seen.recommended
    counted = one("F", externalId=True, autoNumber=True, createable=False, updateable=False, permissionable=True)
    assert "Salesforce fills itself" in counted.not_matchable[Mode.UPSERT]


def test_an_object_without_a_recommended_key_says_the_steps() -> None:
    assert "External ID and Unique ticked" in schema_of(described_field("F")).match_advice
    assert schema_of(*CONTACT_FIELDS).match_advice == ""


def test_a_reference_names_the_keys_that_salesforce_itself_resolves() -> None:
    assert contact("AccountId").references == ("Account",)
    keys = ("Id", "Key__c", "Number")
    assert contact("AccountId").reference_keys == tuple(ReferenceKey("Account", key) for key in keys)
    assert contact("OwnerId").reference_keys == (ReferenceKey("Group", "Id"), ReferenceKey("User", "Id"))
    bare = one("F", "reference", referenceTo=["Account"])
    assert bare.reference_keys == (ReferenceKey("Account", "Id"),), "it has no name for a relationship"


def test_a_reference_to_many_objects_costs_no_call_for_each() -> None:
    names = [f"Thing{number}__c" for number in range(60)]
    transport = ScriptedTransport()
    field = described_field("WhatId", "reference", referenceTo=names, relationshipName="What")
    add_objects(transport, described_object("Task", [field]), *(described_object(name) for name in names))
    (found,) = discover_schema(org(transport), "Task", False).fields
    assert found.reference_keys == tuple(ReferenceKey(name, "Id") for name in names)
    assert len(transport.find_requests("GET", "describe")) == 1


def test_ids_have_the_shape_and_the_prefix_of_their_object() -> None:
    assert contact("AccountId").pattern == "(001)[a-zA-Z0-9]{12}([a-zA-Z0-9]{3})?"
    assert "Account expected" in contact("AccountId").pattern_name
    assert contact("Id").pattern.startswith("(003)")
    assert contact("OwnerId").pattern_name.startswith("a Salesforce id")
    assert contact("Id").compared_prefix == 15


def test_objects_are_listed_with_the_modes_that_the_user_may_use() -> None:
    transport = ScriptedTransport()
    names = {
        "Contact": {},
        "ns__Thing__c": {"deletable": False},
        "AccountShare": {"updateable": False, "deletable": False},
        "ReadOnly": {"createable": False, "updateable": False, "deletable": False},
        "Event__e": {},
        "Old": {"deprecatedAndHidden": True},
        "Contact__ChangeEvent": {},
    }
    add_objects(transport, *(described_object(name, **flags) for name, flags in names.items()))
    found = {each.name: each.modes for each in list_objects(org(transport))}
    assert found == {
        "Contact": {Mode.INSERT, Mode.UPDATE, Mode.UPSERT, Mode.ARCHIVE},
        "ns__Thing__c": {Mode.INSERT, Mode.UPDATE, Mode.UPSERT},
        "AccountShare": {Mode.INSERT},
    }


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("contact", "Contact"), ("Contakt", "Contact"), ("finserv__financialaccount__c", "FinServ__FinancialAccount__c")],
)
def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(asked: str, meant: str) -> None:
    transport = ScriptedTransport()
    add_objects(transport, described_object("Contact"), described_object("FinServ__FinancialAccount__c"))
    with pytest.raises(ConfigError, match=f"did you mean {meant}") as raised:
        discover_schema(org(transport), asked, False)
    assert asked in str(raised.value)


def test_a_description_is_kept_until_a_new_one_is_asked_for() -> None:
    transport = ScriptedTransport()
    add_objects(transport, described_object("Contact", CONTACT_FIELDS), ACCOUNT)
    opened = org(transport)
    for refresh in (False, False, True):
        discover_schema(opened, "Contact", refresh)
    assert len(transport.find_requests("GET", "Contact/describe")) == 2
    assert len(transport.find_requests("GET", "Account/describe")) == 1


def _reference(name: str, *objects: str, **attributes: Any) -> dict[str, Any]:
    return described_field(name, "reference", referenceTo=list(objects), **attributes)


@pytest.mark.parametrize(
    ("fields", "locking"),
    [
        ([_reference("AccountId", "Account"), _reference("ReportsToId", "Contact")], {"AccountId"}),
        ([_reference("Region__c", "Region__c", relationshipOrder=0), _reference("X__c", "X__c")], {"Region__c"}),
        ([_reference("X__c", "X__c"), _reference("OwnerId", "Group", "User")], {"X__c"}),
        ([described_field("Account_Name__c")], set()),
    ],
)
def test_masters_and_accounts_are_locked_and_without_such_whatever_a_record_refers_to(
    fields: list[dict[str, Any]], locking: set[str]
) -> None:
    found = schema_of(*fields).locking
    assert (found.fields if found else set()) == locking
