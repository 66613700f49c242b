"""Say where each column of a batch goes: into a field or, for a reference, into a key of the record it refers to."""

from __future__ import annotations

from collections.abc import Callable

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.descriptions import Description
from connector_salesforce.org.fields import refers_by_key
from connector_salesforce.org.org import Org
from connector_salesforce.write.cells import ID, IdsOf, Target
from connector_sdk import Batch, Column, Executed, NotExecuted


def targets(org: Org, batch: Batch) -> Callable[[Column], Target]:
    """Return the function that says where the cells of a column go.

    Bulk API Developer Guide, "Relationship Fields in a Header Row". The function raises `NotExecuted` for a field that
    cannot be referred to by a key. It raises `CallFailed` if the object cannot be described. In both cases nothing was
    sent.
    """

    def ids_of(described: Description, column: Column) -> tuple[IdsOf, ...]:
        """Return the objects whose ids a column holds, or none if it holds no ids."""
        if not described or described["type"] != "reference":
            return ()
        names = [column.by.object_name] if column.by else described["referenceTo"]
        return tuple(IdsOf(name, org.prefix(name)) for name in names)

    def target(column: Column) -> Target:
        described = _describe_field(org, batch.object_name, column.field)
        if column.by is None or column.by.field == ID:
            return Target(column.field, ids_of=ids_of(described, column))
        if not described or not refers_by_key(described):
            message = f"{batch.object_name}.{column.field} is absent, hidden from this user, or takes ids only"
            raise NotExecuted("FIELD_NOT_FOUND", message)
        several = len(described["referenceTo"]) > 1
        type_ = column.by.object_name if several else None
        return Target(column.field, described["relationshipName"], column.by.field, type_)

    return target


def _describe_field(org: Org, object_name: str, field: str) -> Description:
    """Return the description of a field, or an empty one if the user can see none of this name."""
    try:
        return org.field(object_name, field)
    except KeyError:
        return {}
    except CallFailed as error:
        raise error.about_batch(Executed.NO) from error
