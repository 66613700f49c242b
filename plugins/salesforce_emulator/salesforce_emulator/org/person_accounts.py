"""What person accounts add to an org when Salesforce enables them.

SOAP API Developer Guide, "Person Account Record Types"; Object Reference, "Account".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from salesforce_emulator.org import standard_fields

Raw = dict[str, Any]

_READ_ONLY = {"createable": False, "updateable": False, "permissionable": False}
_SHARED = ("LastName", "FirstName", "Salutation")
_MIRRORED = ("Phone", "Fax", "OwnerId")
_ADDRESSES = ("Mailing", "Other")
# Standard fields of Contact that Account shows with the prefix Person.
_PERSON = (
    *("Email", "MobilePhone", "HomePhone", "AssistantName", "Title", "Department", "Birthdate", "LeadSource"),
    *("HasOptedOutOfEmail", "DoNotCall", "EmailBouncedReason"),
)
# Fields that Salesforce fills in exist only on the contact.
_COMPUTED = frozenset({"autoNumber", "calculated"})
_TYPES = [
    {"name": "Business_Account", "label": "Business Account", "default": True},
    {"name": "PersonAccount", "label": "Person Account", "default": True, "person": True},
]


def contact_field(name: str) -> str | None:
    """Return the field of Contact that holds the same value as a field of a person account."""
    if name in _SHARED or name in _MIRRORED:
        return name
    if name.endswith("__pc"):
        return f"{name.removesuffix('__pc')}__c"
    if name.startswith("Person") and name != "PersonContactId":
        return name.removeprefix("Person")
    return None


def is_person_field(name: str) -> bool:
    """Return whether a field of Account exists only for person accounts."""
    return contact_field(name) is not None and name not in _MIRRORED


def with_person_accounts(objects: Raw, merged: Callable[[Raw, Raw], Raw]) -> Raw:
    """Return the objects of an org file with the additions of person accounts.

    What the file declares takes precedence over these additions.
    """
    account, contact, lead = (objects.get(name) for name in ("Account", "Contact", "Lead"))
    if not isinstance(account, dict) or not isinstance(contact, dict):
        return objects
    gained: dict[str, Raw] = {
        "Account": {
            "addresses": [*account.get("addresses", []), *(f"Person{prefix}" for prefix in _ADDRESSES)],
            "fields": _account_fields(contact.get("fields", {})),
            "recordTypes": _TYPES,
        },
        "Contact": {"fields": {"IsPersonAccount": {**_READ_ONLY, "type": "boolean", "label": "Is Person Account"}}},
        **({"Lead": {"fields": {"Company": {"nillable": True}}}} if isinstance(lead, dict) else {}),
    }
    laid = {name: merged(spec, _adjust_declared(spec, objects[name])) for name, spec in gained.items()}
    return {**objects, **laid}


def _adjust_declared(gained: Raw, declared: Raw) -> Raw:
    """Return what the file declares of an object, without what person accounts always change."""
    fields = dict(declared.get("fields", {}))
    for name in ("Name", "Company"):
        if name in fields and name in gained.get("fields", {}):
            fields[name] = {**fields[name], "nillable": True}
    kept = {key: value for key, value in declared.items() if key != "addresses" or "addresses" not in gained}
    return {**kept, "fields": fields}


def _account_fields(contact: Raw) -> Raw:
    names = {
        name: {**spec, "nillable": True} for name, spec in standard_fields.person_name().items() if name in _SHARED
    }
    person = {f"Person{name}": _copy_contact_field(contact[name]) for name in _PERSON if name in contact}
    custom = {
        f"{name.removesuffix('__c')}__pc": {**_copy_contact_field(spec), **_relationship(name, spec)}
        for name, spec in contact.items()
        if name.endswith("__c") and isinstance(spec, dict) and not _COMPUTED.intersection(spec)
    }
    return {
        **names,
        "Name": {"nillable": True},
        "IsPersonAccount": {**_READ_ONLY, "type": "boolean", "label": "Is Person Account"},
        "PersonContactId": {
            **_READ_ONLY,
            "type": "reference",
            "label": "Contact ID",
            "referenceTo": ["Contact"],
            "relationshipName": "PersonContact",
        },
        **person,
        **custom,
    }


def _relationship(name: str, spec: Raw) -> Raw:
    return {"relationshipName": f"{name.removesuffix('__c')}__pr"} if spec.get("type") == "reference" else {}


def _copy_contact_field(spec: Raw) -> Raw:
    """Return a field of Contact as Account shows it: without key flags."""
    no_key = {"externalId": False, "unique": False, "idLookup": False}
    kept = {key: value for key, value in spec.items() if key not in (*no_key, "relationshipName")}
    return {**kept, **no_key}
