"""Describe person accounts: people who are accounts, written through Account by the fields of people.

SOAP API Developer Guide, "Person Account Record Types"; Salesforce Help, "Person Accounts".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve

from connector_sdk import Field, Mode

Description = Mapping[str, Any]

_NAMES = ("LastName", "FirstName", "MiddleName", "Suffix", "Salutation")

_ADDRESS = ("Street", "City", "State", "StateCode", "PostalCode", "Country", "CountryCode")

_FIELDS = (
    *("PersonEmail", "PersonMobilePhone", "PersonHomePhone", "PersonOtherPhone", "PersonAssistantPhone"),
    *("PersonAssistantName", "PersonTitle", "PersonDepartment", "PersonBirthdate", "PersonLeadSource"),
    *("PersonHasOptedOutOfEmail", "PersonHasOptedOutOfFax", "PersonDoNotCall", "PersonIndividualId"),
    *("PersonPronouns", "PersonGenderIdentity", "PersonContactId", "IsPersonAccount"),
    *(f"Person{kind}{part}" for kind in ("Mailing", "Other") for part in _ADDRESS),
)

_NOT_ENABLED = "is a field of person accounts, which are not enabled in this org: only Salesforce can enable them"
_FULL_NAME = "is not a field in Salesforce, which makes full names of their parts: map LastName, and FirstName"
_COMPUTED = "Salesforce makes the name of a person of its parts: map LastName, and FirstName, instead"
_OF_THE_CONTACT = "belongs to the person's contact and is not an external id of Account, even if it is one of Contact"


def is_of_people(field: str) -> bool:
    """Return whether a field of Account, by its name, is one that people have and businesses do not."""
    return field in _NAMES or field.endswith("__pc") or (field.startswith("Person") and not field.endswith("__c"))


def with_people(described: Description, fields: Iterable[Field]) -> tuple[Field, ...]:
    """Return the fields of an object. Those of Account describe people if the org has person accounts."""
    if not _has_people(described):
        return tuple(fields)
    found = list(fields)
    computed = {each.name: _COMPUTED for each in found if is_of_people(each.name)}
    return tuple(_of_person(each, computed) for each in found)


def find_unavailable(described: Description) -> Mapping[str, str]:
    """Return the names that users look for in an object but that are no fields of it, with the reason."""
    names = {each["name"] for each in described["fields"]}
    if described["name"] == "Account":
        missing = {} if _has_people(described) else dict.fromkeys((*_NAMES, *_FIELDS), _NOT_ENABLED)
        return {name: why for name, why in ({"FullName": _FULL_NAME} | missing).items() if name not in names}
    return {"FullName": _FULL_NAME} if "LastName" in names and "FullName" not in names else {}


def _has_people(described: Description) -> bool:
    return described["name"] == "Account" and any(each["name"] == "IsPersonAccount" for each in described["fields"])


def _of_person(field: Field, computed: Mapping[str, str]) -> Field:
    """Return a field of Account as it applies to people.

    Salesforce describes the last name as optional, because businesses have none. A person must have one.
    """
    if field.name == "Name":
        return evolve(field, conflicts=computed)
    if field.name == "LastName":
        return evolve(field, nullable=False)
    if field.name.endswith("__pc"):
        return evolve(field, not_matchable=dict.fromkeys((Mode.UPSERT, Mode.UPDATE, Mode.ARCHIVE), _OF_THE_CONTACT))
    return field
