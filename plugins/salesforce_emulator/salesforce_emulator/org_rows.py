"""Records that describe the org: Organization, and the RecordType records that objects declare."""

from __future__ import annotations

from salesforce_emulator.org.model import Org, Value
from salesforce_emulator.schema import Schemas
from salesforce_emulator.store import Store, Table


def put_org_rows(org: Org, schemas: Schemas, store: Store) -> None:
    """Create or update the records."""
    _put(schemas, store, "Organization", {
        "Id": org.id,
        "Name": org.name,
        "IsSandbox": org.sandbox,
        "OrganizationType": org.edition,
        "InstanceName": org.instance,
        "TrialExpirationDate": org.trial_expiration_date,
    })  # fmt: skip
    for thing in org.objects.values():
        for one in thing.record_types:
            _put(schemas, store, "RecordType", {
                "Id": one.id,
                "Name": one.label,
                "DeveloperName": one.name,
                "SobjectType": thing.name,
                "IsActive": one.active,
                "IsPersonType": one.person,
            })  # fmt: skip


def _put(schemas: Schemas, store: Store, object_name: str, facts: dict[str, Value]) -> None:
    schema = schemas.find(object_name)
    if schema is None:
        return
    table: Table = store[schema]
    present = table.get(facts["Id"])
    row = present if present is not None else table.schema.blank.copy()
    for name, value in facts.items():
        at = table.schema.at(name)
        if at is not None:
            row[at] = value
    if present is None:
        table.add(row)
