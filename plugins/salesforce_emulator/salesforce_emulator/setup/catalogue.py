"""The setup objects as tables, so that SOQL statements can query them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

import yaml

from salesforce_emulator.metadata.history import History
from salesforce_emulator.org.model import ObjectType, Org
from salesforce_emulator.org.reading import read_org
from salesforce_emulator.schema import Schemas
from salesforce_emulator.setup.automation import automation_records
from salesforce_emulator.setup.components import component_records
from salesforce_emulator.setup.entities import entity_records
from salesforce_emulator.setup.permissions import permission_records
from salesforce_emulator.setup.picklist_values import picklist_records
from salesforce_emulator.setup.record import Record
from salesforce_emulator.soql.running import Found, run
from salesforce_emulator.soql.tokens import SoqlError
from salesforce_emulator.store import Store

_BOTH = frozenset({
    *("EntityDefinition", "FieldDefinition", "EntityParticle", "PicklistValueInfo"),
    *("ApexTrigger", "UserEntityAccess", "UserFieldAccess"),
})  # fmt: skip
TOOLING = _BOTH | {"CustomObject", "CustomField", "GlobalValueSet", "ValidationRule", "WorkflowRule", "Flow"}
REST = _BOTH | {
    *("FlowDefinitionView", "DuplicateRule", "PermissionSet", "PermissionSetAssignment"),
    *("ObjectPermissions", "FieldPermissions"),
}
# The first API version of some objects. Metadata API; Object Reference.
_SINCE = {"PicklistValueInfo": 40, "GlobalValueSet": 39}
_ONE_ROW = (
    "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more than one "
    "row for retrieval. Result size: {}"
)


class Catalogue:
    """The setup objects that one API serves, filled from an org. `users` maps ids to Usernames."""

    def __init__(self, org: Org, users: Mapping[str, str], history: History, served: frozenset[str]) -> None:
        self.users = dict(users)
        self.schemas = Schemas({name: thing for name, thing in _read_declared().items() if name in served})
        self.store = Store(self.schemas)
        for record in _records(org, users, history):
            if record.object_name in served:
                self._put(record)

    def _put(self, record: Record) -> None:
        table = self.store[self.schemas.get(record.object_name)]
        row = table.schema.blank.copy()
        row[0] = record.id
        for name, value in record.values.items():
            row[table.schema.position[name.lower()]] = value
        table.add(row)

    def query(self, statement: str, version: str, instead: SoqlError | None = None) -> Found:
        """Run a SELECT statement. Raises SoqlError.

        If its object is not a setup object either, raise `instead`.
        """
        try:
            found = run(statement, self.schemas, self.store, version)
        except SoqlError as error:
            raise (instead if instead is not None and error.code == "INVALID_TYPE" else error) from None
        if len(found.rows) > 1 and {"Metadata", "FullName"}.intersection(found.header()):
            raise SoqlError("MALFORMED_QUERY", _ONE_ROW.format(len(found.rows)))
        return found


def select_known(version: str, served: frozenset[str]) -> frozenset[str]:
    """Return the objects that exist in a version such as `58.0`."""
    return frozenset(name for name in served if _SINCE.get(name, 0) <= float(version))


def _records(org: Org, users: Mapping[str, str], history: History) -> Iterator[Record]:
    for thing in org.objects.values():
        yield from entity_records(thing)
        yield from picklist_records(thing)
        yield from automation_records(thing)
    yield from component_records(org, history, next(iter(users), ""))
    for user_id, username in users.items():
        yield from permission_records(org, user_id, username)


@cache
def _read_declared() -> dict[str, ObjectType]:
    text = (resources.files("salesforce_emulator.setup") / "objects.yml").read_text(encoding="utf-8")
    declared = yaml.safe_load(text)
    org = read_org({"extends": "default", "objects": declared})
    return {name: org.objects[name] for name in declared}
