"""The compiled rules of every object."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from salesforce_emulator.automation.conditions import compile_condition
from salesforce_emulator.errors import RowFault
from salesforce_emulator.keys import fold_case
from salesforce_emulator.org.model import Org
from salesforce_emulator.org.reading import OrgError
from salesforce_emulator.org.rules import AssignmentRule, DuplicateRule, ValidationRule
from salesforce_emulator.schema import Row, Schema, Schemas
from salesforce_emulator.soql.conditions import Test
from salesforce_emulator.soql.tokens import SoqlError
from salesforce_emulator.store import Store, Table

ASSIGNED = ("Account", "Case", "Lead")


@frozen
class Throw:
    """An exception of an object's trigger, and the condition on which it is thrown."""

    test: Test
    message: str


@frozen
class ObjectRules:
    """The active rules of one object."""

    validations: tuple[tuple[ValidationRule, Test], ...] = ()
    duplicates: tuple[DuplicateRule, ...] = ()
    exceptions: tuple[Throw, ...] = ()


class Rules:
    """The rules of an org. Raises OrgError if a condition cannot be understood."""

    def __init__(self, org: Org, schemas: Schemas, store: Store) -> None:
        self._problems: list[str] = []
        self._of = {schema.name: self._rules(schema, schemas, store) for schema in schemas.all}
        if self._problems:
            raise OrgError(self._problems)

    def of(self, schema: Schema) -> ObjectRules:
        """Return the rules of an object."""
        return self._of.get(schema.name, ObjectRules())

    def _rules(self, schema: Schema, schemas: Schemas, store: Store) -> ObjectRules:
        thing = schema.object

        def test(place: str, condition: str) -> Test:
            try:
                return compile_condition(condition, schema, schemas, store)
            except SoqlError as error:
                self._problems.append(f"objects.{thing.name}.{place}.when: {error.message.strip()}")
                return lambda row: False

        validations = [
            (rule, test(f"validationRules[{at}]", rule.when))
            for at, rule in enumerate(thing.validation_rules)
            if rule.active
        ]
        failures = thing.apex.fails if thing.apex is not None else ()
        exceptions = [
            Throw(test(f"apex.fails[{at}]", failure.when), failure.message) for at, failure in enumerate(failures)
        ]
        active = tuple(rule for rule in thing.duplicate_rules if rule.active)
        return ObjectRules(tuple(validations), active, tuple(exceptions))


def find_violations(rules: ObjectRules, row: Row) -> tuple[RowFault, ...]:
    """Return an error for every validation rule that a record breaks."""
    return tuple(
        RowFault("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, (rule.field,) if rule.field else ())
        for rule, test in rules.validations
        if test(row)
    )


def duplicates(rule: DuplicateRule, table: Table, row: Row) -> list[Row]:
    """Return the records that equal a row in every field of a rule. Empty fields equal nothing."""
    places = [table.schema.position[name.lower()] for name in rule.fields]
    wanted = [fold_case(row[at]) for at in places]
    if None in wanted:
        return []
    candidates = table.indexes[places[0]].find(row[places[0]])
    return [other for other in candidates if other[0] != row[0] and [fold_case(other[at]) for at in places] == wanted]


def assignment(schema: Schema, wanted: str) -> AssignmentRule | None:
    """Return the rule that a request asks for: the one with this id, or the active one."""
    rules: Iterator[AssignmentRule] = iter(schema.object.assignment_rules)
    if wanted == "active":
        return next((rule for rule in rules if rule.active), None)
    return next((rule for rule in rules if rule.id[:15] == wanted[:15]), None)
