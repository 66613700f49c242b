"""Custom fields and global value sets through the Tooling API: find, read and write them as a whole.

Tooling API Guide, "CustomField", "GlobalValueSet", "FieldDefinition".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from connector_salesforce import ID, NAME, OBJECT, TEXT, Org, Shape, literal, optional, require_object, unreadable

from connector_salesforce_picklist.picklist import Kind
from connector_sdk import Executed

Component = Mapping[str, Any]

_SOME = 25
"""The number of reads in one call ("Composite")."""

_SHORT = 15
"""The length of an id without its check characters."""

_SET: Shape = {
    "Id": ID,
    "DeveloperName": NAME,
    "NamespacePrefix": optional(TEXT),
    "MasterLabel": optional(TEXT),
}
_USER: Shape = {"FullName": TEXT, "Metadata": optional(OBJECT)}
_COMPONENT: Shape = {
    "Id": ID,
    "FullName": TEXT,
    "Metadata": OBJECT,
    "NamespacePrefix": optional(TEXT),
    "ManageableState": optional(TEXT),
}


def field_id(org: Org, object_name: str, field: str) -> str | None:
    """Find the id of a custom field, or return None if the user can see no field of this name."""
    query = (
        "SELECT DurableId FROM FieldDefinition"
        f" WHERE EntityDefinition.QualifiedApiName = {literal(object_name)} AND QualifiedApiName = {literal(field)}"
    )
    found = next(org.tooling(query, {"DurableId": TEXT}), None)
    if found is None:
        return None
    record_id: str = found["DurableId"].rpartition(".")[2]
    return str(require_object({"Id": record_id}, {"Id": ID}, f"the definition of {object_name}.{field}")["Id"])


def set_id(org: Org, name: str) -> str | None:
    """Find the id of a global value set by the name that fields use, or return None.

    This name is the developer name, with the namespace of a package. The label is accepted, too.
    """
    for each in org.tooling("SELECT Id, DeveloperName, NamespacePrefix, MasterLabel FROM GlobalValueSet", _SET):
        full = "__".join(part for part in (each.get("NamespacePrefix"), each["DeveloperName"]) if part)
        if name in (full, each.get("MasterLabel")):
            return str(each["Id"])
    return None


def fields_with_set(org: Org, name: str) -> Iterator[str]:
    """Yield the custom fields that use a global value set, as Object.Field. This reads every custom field."""
    ids = [each["Id"] for each in org.tooling("SELECT Id FROM CustomField", {"Id": ID})]
    for start in range(0, len(ids), _SOME):
        some = {f"f{number}": _path(Kind.FIELD, each) for number, each in enumerate(ids[start : start + _SOME])}
        for said in org.client.composite(some, "/tooling/composite").values():
            component = require_object(said, _USER, "a custom field")
            value_set = (component.get("Metadata") or {}).get("valueSet")
            if isinstance(value_set, dict) and value_set.get("valueSetName") == name:
                yield component["FullName"]


def write(org: Org, kind: Kind, record_id: str, name: str, tree: Mapping[str, Any]) -> None:
    """Replace the metadata of a component. Raises `CallFailed`."""
    body = json.dumps({"FullName": name, "Metadata": tree}, ensure_ascii=False).encode()
    org.client.write("PATCH", _path(kind, record_id), body)


def read(org: Org, kind: Kind, record_id: str) -> Component:
    """Read a component with its complete metadata. Raises `CallFailed`."""
    found = require_object(org.client.get(_path(kind, record_id)), _COMPONENT, f"the {kind} {record_id}")
    if found["Id"][:_SHORT] != record_id[:_SHORT]:
        raise unreadable(f"the answer about the {kind} {record_id} is one about {found['Id']}", Executed.NO)
    return found


def _path(kind: Kind, record_id: str) -> str:
    return f"/tooling/sobjects/{kind}/{record_id}"
