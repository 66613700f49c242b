"""The names of columns on the wire: a field, or a key of the record that a field refers to."""

from __future__ import annotations

from connector_salesforce.fields import refers_by_key
from connector_salesforce.org import Org
from connector_salesforce.wire import Target
from connector_sdk import Column, NotExecuted


def target(org: Org, object_name: str, column: Column) -> Target:
    """Where the cells of a column go (Bulk API Developer Guide, "Relationship Fields in a Header Row").

    Raises `NotExecuted` when the field cannot be referred to by a key.
    """
    if column.by is None:
        return Target(column.field)
    try:
        described = org.field(object_name, column.field)
    except KeyError:
        raise NotExecuted("FIELD_NOT_FOUND", f"{object_name} has no field {column.field} for this user") from None
    if not refers_by_key(described):
        message = f"{object_name}.{column.field} takes ids only: it has no name for the record that it refers to"
        raise NotExecuted("FIELD_NOT_FOUND", message)
    several = len(described["referenceTo"]) > 1
    return Target(
        column.field, described["relationshipName"], column.by.field, column.by.object_name if several else None
    )
