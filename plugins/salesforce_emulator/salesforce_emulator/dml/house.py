"""The org's own rules for a row: what they refuse, and who gets the record."""

from __future__ import annotations

from salesforce_emulator.automation import duplicates
from salesforce_emulator.automation.rules import ASSIGNED, Rules, assignment, find_violations
from salesforce_emulator.automation.rules import duplicates as duplicates_of
from salesforce_emulator.dml import record_types
from salesforce_emulator.dml.model import Write
from salesforce_emulator.dml.people import People
from salesforce_emulator.dml.references import Lookups, find_matching
from salesforce_emulator.errors import RowRefused, RulesBroken
from salesforce_emulator.org.model import Value
from salesforce_emulator.schema import Row, Schema, Schemas
from salesforce_emulator.storage import Storage
from salesforce_emulator.store import Store, Table


class House:
    """The rules, lookups, assignment and storage of one org."""

    def __init__(self, schemas: Schemas, store: Store, rules: Rules, storage: Storage) -> None:
        self.storage = storage
        self.lookups = Lookups(schemas, store)
        self.rules = rules
        account = schemas.find("Account")
        has_people = account is not None and account.at("PersonContactId") is not None
        self.people = People(schemas, store) if has_people else None
        self._schemas = schemas
        self._store = store

    def settle_record_type(self, table: Table, write: Write, values: dict[int, Value], record: Row | None) -> None:
        """Determine the record type of a row, and check its values. Raises RowRefused.

        For accounts, also determine whether the row is a person.
        """
        schema = write.schema
        people = self.people if table.schema.name == "Account" else None
        if people is None and not schema.object.record_types:
            return
        type_ = record_types.choose_record_type(schema, values, write.trusted)
        if people is not None and record is not None:
            people.complete_change(schema, record, values, type_)
        elif people is not None:
            type_ = people.complete_insert(schema, values, type_)
        elif record is None:
            type_ = type_ or record_types.default(schema, person=False)
            values[schema.position["recordtypeid"]] = type_.id if type_ is not None else None
        if type_ is None and record is not None:
            type_ = record_types.of_record(schema, record)
        record_types.check_picklist_values(schema, type_, values)

    def spare(self, table: Table, record: Row) -> None:
        """Refuse to write a record that only another record may change. Raises RowRefused."""
        if self.people is not None:
            self.people.spare_contact(table, record)

    def inspect(self, table: Table, row: Row, write: Write) -> None:
        """Refuse a record, in its new state, that breaks a rule. Raises RulesBroken."""
        rules = self.rules.of(table.schema)
        if write.trusted or not (rules.validations or rules.duplicates):
            return
        broken = find_violations(rules, row)
        if broken:
            raise RulesBroken(broken)
        for rule in rules.duplicates:
            matches = duplicates_of(rule, table, row)
            if matches and not (rule.action == "Alert" and write.terms.allow_duplicates):
                raise RulesBroken((duplicates.make_duplicates_error(rule, table.schema, matches),))

    def assign_owner(self, write: Write) -> dict[int, Value]:
        """Return the owner that an assignment rule gives a record. Raises RowRefused."""
        wanted = write.terms.assignment
        if not wanted or write.trusted or write.schema.name not in ASSIGNED:
            return {}
        rule = assignment(write.schema, wanted)
        if rule is None and wanted != "active":
            raise RowRefused("INVALID_ASSIGNMENT_RULE", f"invalid assignment rule: {wanted}")
        if rule is None:
            return {}
        return {write.schema.position["ownerid"]: self._owner(write.schema, rule.owner)}

    def _owner(self, schema: Schema, name: str) -> Value:
        for object_name, key in (("User", "Username"), ("Group", "DeveloperName"), ("Group", "Name")):
            target = self._schemas.find(object_name)
            at = target.at(key) if target is not None else None
            if target is None or at is None or object_name not in _owners(schema):
                continue
            table = self._store[target]
            found = (
                find_matching(table, at, name) if at in table.indexes else [r for r in table.live() if r[at] == name]
            )
            if found:
                return found[0][0]
        raise RowRefused("INVALID_ASSIGNMENT_RULE", f"assignment rule names an unknown owner: {name}")


def _owners(schema: Schema) -> tuple[str, ...]:
    return schema.fields[schema.position["ownerid"]].reference_to
