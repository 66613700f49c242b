"""The shape of picklist metadata, checked before a list is compared with a model or written back.

Metadata API Guide, "CustomValue", "StandardValue", "ValueSet"; Tooling API Guide, "CustomField".
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from connector_salesforce import (
    LIST,
    OBJECT,
    TEXT,
    MemberKind,
    Shape,
    list_of,
    optional,
    require_list,
    require_object,
    unreadable,
)

from connector_salesforce_picklist.kinds import ATTRIBUTES
from connector_salesforce_picklist.picklist import Picklist
from connector_sdk import Executed, FieldType

_TRUTH = MemberKind("true or false", lambda value: isinstance(value, bool) or value in ("true", "false", ""))
_INTEGER = MemberKind("a whole number", lambda value: type(value) is int or (isinstance(value, str) and _is_int(value)))

_OF_ATTRIBUTES = {FieldType.BOOLEAN: _TRUTH, FieldType.INTEGER: _INTEGER}

_VALUE: Shape = {
    **dict.fromkeys(("label", "description", "color"), optional(TEXT)),
    **dict.fromkeys(("default", "isActive"), optional(_TRUTH)),
    **{name: optional(_OF_ATTRIBUTES.get(type_, TEXT)) for name, type_ in ATTRIBUTES.items()},
}
_FIELD: Shape = {"type": TEXT, "valueSet": OBJECT}
_VALUE_SET: Shape = {
    "restricted": optional(_TRUTH),
    "valueSetName": optional(TEXT),
    "controllingField": optional(TEXT),
    "valueSetDefinition": optional(OBJECT),
    "valueSettings": optional(list_of({"valueName": TEXT})),
}


def require_field(tree: Any, name: str) -> None:
    """Raise `CallFailed` if the metadata of a field are not those of a picklist."""
    about = f"the metadata of {name}"
    value_set = require_object(require_object(tree, _FIELD, about)["valueSet"], _VALUE_SET, about)
    if not value_set.get("valueSetName"):
        require_object(value_set.get("valueSetDefinition"), {"value": LIST}, about)


def require_global_set(tree: Any, name: str) -> None:
    """Raise `CallFailed` if the metadata of a global value set have no list of values."""
    require_object(tree, {"customValue": LIST}, f"the metadata of {name}")


def require_values(picklist: Picklist) -> None:
    """Raise `CallFailed` if a picklist has a malformed, unnamed or repeated value, or metadata nested too deeply."""
    about = f"the values of {picklist.name}"
    require_list([each.raw for each in picklist.values], _VALUE, about)
    names = Counter(each.name for each in picklist.values)
    if not all(names):
        raise unreadable(f"a value of {picklist.name} has no name", Executed.NO)
    repeated = next((each for each, count in names.items() if count > 1), None)
    if repeated is not None:
        raise unreadable(f"several values of {picklist.name} are named {repeated}", Executed.NO)
    try:
        picklist.version  # noqa: B018 - what cannot be compared later is refused now
    except RecursionError:
        raise unreadable(f"the metadata of {picklist.name} are nested too deeply", Executed.NO) from None


def _is_int(text: str) -> bool:
    return text == "" or (text.isascii() and text.removeprefix("-").isdigit())
