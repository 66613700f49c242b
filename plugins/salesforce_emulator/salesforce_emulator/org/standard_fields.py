"""Fields that objects have without declaring them, in the order of a describe call.

Object Reference, "System Fields" and "Address Compound Fields".
"""

from __future__ import annotations

from typing import Any

_READ_ONLY = {"createable": False, "updateable": False, "permissionable": False}
_SYSTEM = {**_READ_ONLY, "nillable": False, "defaultedOnCreate": True}
_ACCURACIES = ["Address", "NearAddress", "Block", "Street", "ExtendedZip", "Zip", "Neighborhood", "City"]
_ACCURACIES += ["County", "State", "Unknown"]


def identity_fields(label: str) -> dict[str, Any]:
    """Return the fields Id and IsDeleted."""
    return {
        "Id": {**_SYSTEM, "type": "id", "label": f"{label} ID", "idLookup": True},
        "IsDeleted": {**_SYSTEM, "type": "boolean", "label": "Deleted"},
    }


def audit_fields(owned: bool) -> dict[str, Any]:
    """Return the fields for the owner, the users who created and changed the record, and the times."""
    user = {"type": "reference", "referenceTo": ["User"]}
    owner = {**user, "label": "Owner ID", "relationshipName": "Owner"}
    flags = {"nillable": False, "defaultedOnCreate": True, "permissionable": False}
    return {
        **({"OwnerId": {**owner, **flags}} if owned else {}),
        "CreatedDate": {**_SYSTEM, "type": "datetime", "label": "Created Date"},
        "CreatedById": {**_SYSTEM, **user, "label": "Created By ID", "relationshipName": "CreatedBy"},
        "LastModifiedDate": {**_SYSTEM, "type": "datetime", "label": "Last Modified Date"},
        "LastModifiedById": {**_SYSTEM, **user, "label": "Last Modified By ID", "relationshipName": "LastModifiedBy"},
        "SystemModstamp": {**_SYSTEM, "type": "datetime", "label": "System Modstamp"},
    }


def person_name() -> dict[str, Any]:
    """Return the parts of a person's name, and the full name that Salesforce composes of them."""
    part = {"compoundFieldName": "Name", "extraTypeInfo": "personname", "permissionable": False}
    salutations = ["Mr.", "Ms.", "Mrs.", "Dr.", "Prof."]
    composed = {"nillable": False, "nameField": True, "extraTypeInfo": "personname"}
    return {
        "LastName": {**part, "type": "string", "label": "Last Name", "length": 80, "nillable": False},
        "FirstName": {**part, "type": "string", "label": "First Name", "length": 40},
        "Salutation": {**part, "type": "picklist", "label": "Salutation", "length": 40, "picklistValues": salutations},
        "Name": {**_READ_ONLY, **composed, "type": "string", "label": "Full Name", "length": 121},
    }


def address(prefix: str) -> dict[str, Any]:
    """Return the writable components of one address, and its read-only compound field."""
    compound = f"{prefix}Address"
    before = f"{prefix} " if prefix else ""

    def part(name: str, type_: str, label: str, **flags: Any) -> tuple[str, dict[str, Any]]:
        return prefix + name, {"type": type_, "label": before + label, "compoundFieldName": compound, **flags}

    text = {"extraTypeInfo": "plaintextarea"}
    place = {"precision": 18, "scale": 15}
    parts = [
        part("Street", "textarea", "Street", length=255, **text),
        part("City", "string", "City", length=40),
        part("State", "string", "State/Province", length=80),
        part("PostalCode", "string", "Zip/Postal Code", length=20),
        part("Country", "string", "Country", length=80),
        part("Latitude", "double", "Latitude", **place),
        part("Longitude", "double", "Longitude", **place),
        part("GeocodeAccuracy", "picklist", "Geocode Accuracy", length=40, restrictedPicklist=True),
    ]
    fields = dict(parts)
    fields[f"{prefix}GeocodeAccuracy"]["picklistValues"] = _ACCURACIES
    return {
        **fields,
        compound: {"type": "address", "label": f"{before}Address", "createable": False, "updateable": False},
    }


def location(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Return the writable components of a geolocation field.

    Object Reference, "Geolocation Compound Field".
    """
    label = spec.get("label", name.removesuffix("__c").replace("_", " "))
    part = {"type": "double", "precision": 18, "scale": spec.get("scale", 15), "compoundFieldName": name}
    return {
        f"{name.removesuffix('c')}{side}__s": {**part, "label": f"{label} ({side})"}
        for side in ("Latitude", "Longitude")
    }
