"""Check the descriptions of objects and fields when they arrive, so that all other code can trust them.

REST API Developer Guide, "Describe Global", "sObject Describe"; SOAP API Developer Guide, "DescribeSObjectResult".
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from connector_salesforce.transport.answer_shape import (
    COUNT,
    FLAG,
    NAME,
    NAMES,
    PREFIX,
    TEXT,
    Shape,
    list_of,
    optional,
    require_list,
    require_object,
    unreadable,
)
from connector_sdk import Executed

Description = dict[str, Any]
"""An object or a field, as Salesforce describes it."""

_OBJECT: Shape = {
    "name": NAME,
    "label": TEXT,
    "createable": FLAG,
    "updateable": FLAG,
    "deletable": FLAG,
    "keyPrefix": optional(PREFIX),
    **dict.fromkeys(("custom", "customSetting", "deprecatedAndHidden", "mergeable", "triggerable"), optional(FLAG)),
}

_RECORD_TYPE: Shape = {"name": TEXT, "available": optional(FLAG), "defaultRecordTypeMapping": optional(FLAG)}

_VALUE: Shape = {"value": TEXT, "active": FLAG, "validFor": optional(TEXT)}

_FIELD: Shape = {
    "name": NAME,
    "type": TEXT,
    **dict.fromkeys(("createable", "updateable", "nillable", "defaultedOnCreate"), FLAG),
    **dict.fromkeys(("label", "calculatedFormula", "extraTypeInfo"), optional(TEXT)),
    **dict.fromkeys(("controllerName", "relationshipName"), optional(NAME)),
    **dict.fromkeys(("length", "precision", "scale", "digits", "relationshipOrder"), optional(COUNT)),
    **dict.fromkeys(
        (
            *("autoNumber", "calculated", "caseSensitive", "deprecatedAndHidden", "externalId", "filterable"),
            *("idLookup", "nameField", "permissionable", "restrictedPicklist", "unique"),
        ),
        optional(FLAG),
    ),
    "referenceTo": optional(NAMES),
    "picklistValues": optional(list_of(_VALUE)),
}

_DESCRIBED: Shape = {**_OBJECT, "recordTypeInfos": optional(list_of(_RECORD_TYPE))}


def read_objects(said: Any) -> list[Description]:
    """Return the objects in an answer to Describe Global. Raises `CallFailed` for any other answer."""
    listed = require_object(said, {}, "the list of objects").get("sobjects")
    return _without_twins(require_list(listed, _OBJECT, "the list of objects"), "the list of objects")


def read_object(said: Any, object_name: str) -> Description:
    """Return the object in an answer to sObject Describe. Raises `CallFailed` for any other answer."""
    about = f"the description of {object_name}"
    described = require_object(said, _DESCRIBED, about)
    if described["name"].lower() != object_name.lower():
        raise unreadable(f"{about} is that of {described['name']}", Executed.NO)
    fields = require_list(described.get("fields"), _FIELD, f"{about}: its fields")
    _without_twins(fields, about)
    return described


def _without_twins(found: list[Description], about: str) -> list[Description]:
    """Return the descriptions. Raises `CallFailed` if two of them have the same name."""
    name, count = next(iter(Counter(each["name"].lower() for each in found).most_common(1)), ("", 0))
    if count > 1:
        raise unreadable(f"{about} names {name} {count:,} times", Executed.NO)
    return found
