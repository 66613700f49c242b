"""Tests of how a destination describes itself: spec, account, objects, fields, commands."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

import re

import attrs
import pytest

from connector_sdk import (
    ConfigError,
    Cost,
    Field,
    FieldType,
    Mode,
    ObjectSchema,
    PlanSummary,
    PluginError,
)
from connector_sdk.contract.batch import ACTIONS
from connector_sdk.testing.conformance.kit import Kit, ways
from connector_sdk.testing.conformance.subject import Subject, Way

_MISSING = "no_such_object_of_anybody"


class Describing(Kit):
    """Tests of the hooks that do not write."""

    def test_the_options_of_a_sync_can_all_be_left_out(self) -> None:
        spec = self.load_destination().spec
        needed = [each.name for each in attrs.fields(spec.options) if each.init and each.default is attrs.NOTHING]
        assert not needed, f"options without a default: {needed}"

    def test_the_account_is_the_same_each_time(self, subject: Subject) -> None:
        first = subject.connection
        subject.reopen()
        assert (subject.connection.account, subject.connection.label) == (first.account, first.label)
        assert first.label, "a connection needs a label for people to read"

    def test_every_mode_of_the_spec_is_offered_by_some_object(self, subject: Subject) -> None:
        objects = subject.destination.list_objects(subject.connection)
        offered = {mode for each in objects for mode in each.modes}
        assert offered == set(subject.destination.spec.modes)

    def test_every_object_is_listed_once_and_can_be_described(self, subject: Subject) -> None:
        objects = subject.destination.list_objects(subject.connection)
        assert len({each.name for each in objects}) == len(objects)
        for each in objects[:20]:
            schema = subject.destination.discover_schema(subject.connection, each.name)
            assert (schema.name, schema.modes) == (each.name, each.modes)
            assert schema.fields, f"{each.name} has no fields"
            assert schema == subject.destination.discover_schema(subject.connection, each.name, refresh=True)

    def test_the_fields_of_every_object_make_sense(self, subject: Subject) -> None:
        problems = []
        for each in subject.destination.list_objects(subject.connection)[:20]:
            schema = subject.destination.discover_schema(subject.connection, each.name)
            problems += [
                f"{schema.name}.{field.name} {what}" for field in schema.fields for what in _wrong(schema, field)
            ]
            problems += _unmatchable(schema)
        assert not problems

    def test_an_object_that_does_not_exist_is_a_configuration_error(self, subject: Subject) -> None:
        with pytest.raises(ConfigError) as raised:
            subject.destination.discover_schema(subject.connection, _MISSING)
        assert _MISSING in str(raised.value)

    def test_commands_have_names(self) -> None:
        assert all(each.name for each in self.load_destination().commands())

    @ways()
    def test_a_plan_is_looked_at_without_an_error(self, subject: Subject, way: Way) -> None:
        target, action = subject.target(way), ACTIONS[way.mode]
        plan = PlanSummary(
            run="conformance",
            sync="sync",
            mode=way.mode,
            object_names=(target.schema.name,),
            api=way.api.name,
            batch_size=way.api.rows_default,
            parallelism=way.api.parallel_default,
            delivery=way.api.delivery[way.mode],
            columns=(),
            planned={action: 1},
            batches={action: Cost(1).batches},
        )
        for each in subject.destination.check_plan(subject.connection, plan, subject.options):
            assert each.message

    def test_mode_all_can_read_what_it_replaces(self, subject: Subject) -> None:
        if Mode.ALL not in subject.destination.spec.modes:
            pytest.skip("the spec declares no such way to write")
        (name, *_) = [
            each.name for each in subject.destination.list_objects(subject.connection) if Mode.ALL in each.modes
        ]
        schema = subject.destination.discover_schema(subject.connection, name)
        match = [each.name for each in schema.fields if each.external_id and Mode.ALL not in each.not_matchable][:1]
        fields = [*match, *(each.name for each in schema.fields if Mode.ALL not in each.not_writable)]
        fields = list(dict.fromkeys(fields))
        try:
            rows, version = subject.destination.read_records(subject.connection, name, fields)
        except PluginError as error:
            pytest.fail(f"mode all needs read_records: {error}")
        assert rows.schema.names == fields
        assert isinstance(version, str)


def _wrong(schema: ObjectSchema, field: Field) -> list[str]:
    """Return the contradictions in the description of a field."""
    checks = {
        "has a length below 1": field.length is not None and field.length < 1,
        "has a scale above its precision": (field.scale or 0) > (field.precision or 38),
        "stores more decimals and is not a decimal": field.stores_more_decimals and field.type is not FieldType.DECIMAL,
        "is restricted to no values": field.restricted and not field.values,
        "is restricted and no choice": field.restricted and field.type not in (FieldType.CHOICE, FieldType.CHOICES),
        "refers to nothing": field.type is FieldType.REFERENCE and not field.references,
        "is found by keys of objects that it does not refer to": any(
            each.object_name not in field.references for each in field.reference_keys
        ),
        "is required and cannot be set": field.required and not field.creatable,
        "cannot be set, and not_writable does not say why for insert": not field.creatable
        and Mode.INSERT in schema.modes
        and not field.not_writable.get(Mode.INSERT),
        "cannot be changed, and not_writable does not say why for update": not field.updatable
        and Mode.UPDATE in schema.modes
        and not field.not_writable.get(Mode.UPDATE),
        "is recommended for matching and cannot be matched": field.recommended
        and {Mode.UPSERT} & schema.modes <= field.not_matchable.keys() & {Mode.UPSERT}
        and Mode.UPSERT in schema.modes,
        "has a pattern without a name for it": bool(field.pattern) and not field.pattern_name,
        "has a pattern that is not a regular expression": not _compiles(field.pattern),
    }
    return [what for what, wrong in checks.items() if wrong]


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _unmatchable(schema: ObjectSchema) -> list[str]:
    """Return a problem for each mode in which no field can be matched, unless the schema has `match_advice`."""
    matching = schema.modes & {Mode.UPSERT, Mode.UPDATE, Mode.ARCHIVE}
    stuck = [mode for mode in matching if all(mode in each.not_matchable for each in schema.fields)]
    return [
        f"{schema.name} matches on nothing in mode {mode} and gives no advice"
        for mode in stuck
        if not schema.match_advice
    ]
