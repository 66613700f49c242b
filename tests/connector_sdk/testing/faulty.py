"""The reference destination with one thing wrong, and the tests of the kit that must notice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, frozen

from connector_sdk import (
    NOT_EXECUTED,
    Action,
    Batch,
    Classification,
    Column,
    Connection,
    Executed,
    Field,
    Host,
    Kind,
    Mode,
    OnNull,
    RowError,
    Secret,
    WriteResult,
    hookimpl,
)
from connector_sdk.testing.doubles import RecordingHost
from connector_sdk.testing.reference import plugin

HOOKS = [
    "destination_spec", "connect", "list_objects", "discover_schema", "match", "read_records", "write_batch",
    "recover_batch", "classify_error", "check_plan",
]  # fmt: skip


def config(self: object) -> plugin.Config:
    return plugin.Config(f":memory:{id(type(self))}", Secret("a-token-nobody-may-see"))


def _plugin(**changes: Callable[..., Any]) -> SimpleNamespace:
    hooks = {name: getattr(plugin, name) for name in HOOKS}
    return SimpleNamespace(**hooks | {name: hookimpl(function) for name, function in changes.items()})


def _limit(
    *modes: Mode, without: Collection[str] = (), change: Callable[[Field], Field] = lambda field: field
) -> SimpleNamespace:
    """Return the destination with these modes alone, without these hooks, and with other fields."""
    apis = (
        evolve(each, delivery={mode: given for mode, given in each.delivery.items() if mode in modes})
        for each in plugin.SPEC.apis
    )
    of_modes = {mode: plugin.SPEC.modes[mode] for mode in modes}
    spec = evolve(plugin.SPEC, modes=of_modes, apis=tuple(each for each in apis if each.delivery))

    def destination_spec() -> object:
        return spec

    def list_objects() -> object:
        found = [evolve(each, modes=each.modes & frozenset(modes)) for each in plugin.list_objects()]
        return [each for each in found if each.modes]

    def discover_schema(object_name: str) -> object:
        schema = plugin.discover_schema(object_name)
        fields = tuple(change(each) for each in schema.fields)
        return evolve(schema, modes=schema.modes & frozenset(modes), fields=fields)

    made = _plugin(destination_spec=destination_spec, list_objects=list_objects, discover_schema=discover_schema)
    for each in without:
        delattr(made, each)
    return made


def only_calls() -> SimpleNamespace:
    modes = {Mode.UPSERT: plugin.SPEC.modes[Mode.UPSERT]}
    api = evolve(plugin.SPEC.apis[0], delivery={Mode.UPSERT: plugin.SPEC.apis[0].delivery[Mode.UPSERT]})
    spec = evolve(plugin.SPEC, modes=modes, apis=(api,))

    def destination_spec() -> object:
        return spec

    def list_objects() -> object:
        return [evolve(each, modes=frozenset(modes)) for each in plugin.list_objects() if Mode.UPSERT in each.modes]

    def discover_schema(object_name: str) -> object:
        return evolve(plugin.discover_schema(object_name), modes=frozenset(modes))

    return _plugin(destination_spec=destination_spec, list_objects=list_objects, discover_schema=discover_schema)


def _answers_in_another_order() -> SimpleNamespace:
    def write_batch(connection: Connection, batch: Batch, options: Any, attempt: Any) -> WriteResult:
        rows = plugin.write_batch(connection, batch, options, attempt).rows
        return WriteResult(rows.take(list(range(rows.num_rows))[::-1]))

    return _plugin(write_batch=write_batch)


@frozen
class _Late:
    """Notes anchors only when told."""

    attempt: Any
    kept: list[tuple[str, dict[str, str]]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.attempt, name)

    def anchor(self, step: str, **handle: str) -> None:
        self.kept.append((step, handle))


def _anchors_after_it_has_executed() -> SimpleNamespace:
    def write_batch(connection: Connection, batch: Batch, options: Any, attempt: Any) -> WriteResult:
        late = _Late(attempt, [])
        result = plugin.write_batch(connection, batch, options, late)
        for step, handle in late.kept:
            attempt.anchor(step, **handle)
        return result

    return _plugin(write_batch=write_batch)


def _never_finds_a_batch_again() -> SimpleNamespace:
    def recover_batch() -> object:
        return NOT_EXECUTED

    return _plugin(recover_batch=recover_batch)


def _keeps_record_ids_of_what_is_gone() -> SimpleNamespace:
    def classify_error(error: RowError | BaseException) -> Classification | None:
        known = plugin.classify_error(error)
        return known and evolve(known, record_gone=False)

    return _plugin(classify_error=classify_error)


def _takes_a_lost_connection_for_not_executed() -> SimpleNamespace:
    def classify_error(error: RowError | BaseException) -> Classification | None:
        if isinstance(error, ConnectionError):
            return Classification(kind=Kind.TRANSIENT, executed=Executed.NO, cause="No connection.")
        return plugin.classify_error(error)

    return _plugin(classify_error=classify_error)


def _change_values(batch: Batch, change: Callable[[pa.Array], pa.Array]) -> Batch:
    names = batch.rows.column_names
    columns = [change(batch.rows.column(name).combine_chunks()) for name in names]
    return evolve(batch, rows=pa.table(columns, names=names)) if names else batch


def _puts_texts_on_one_line() -> SimpleNamespace:
    def flatten(values: pa.Array) -> pa.Array:
        if values.type != pa.string():
            return values
        return pa.array([value and value.replace("\n", " ") for value in values.to_pylist()], pa.string())

    def write_batch(connection: Connection, batch: Batch, options: Any, attempt: Any) -> WriteResult:
        return plugin.write_batch(connection, _change_values(batch, flatten), options, attempt)

    return _plugin(write_batch=write_batch)


def _rounds_numbers() -> SimpleNamespace:
    def round_values(values: pa.Array) -> pa.Array:
        floats = pa.types.is_floating(values.type) or pa.types.is_decimal(values.type)
        return pc.round(values, 4) if floats else values

    def write_batch(connection: Connection, batch: Batch, options: Any, attempt: Any) -> WriteResult:
        return plugin.write_batch(connection, _change_values(batch, round_values), options, attempt)

    return _plugin(write_batch=write_batch)


def _widens_floats() -> SimpleNamespace:
    def widen_values(values: pa.Array) -> pa.Array:
        return values.cast(pa.float64()) if values.type == pa.float32() else values

    def write_batch(connection: Connection, batch: Batch, options: Any, attempt: Any) -> WriteResult:
        return plugin.write_batch(connection, _change_values(batch, widen_values), options, attempt)

    return _plugin(write_batch=write_batch)


def _clears_what_should_be_left_alone() -> SimpleNamespace:
    def write_batch(connection: Connection, batch: Batch, options: Any, attempt: Any) -> WriteResult:
        columns = tuple(Column(each.field, OnNull.CLEAR, each.by) for each in batch.columns)
        return plugin.write_batch(connection, evolve(batch, columns=columns), options, attempt)

    return _plugin(write_batch=write_batch)


def _says_that_it_merged() -> SimpleNamespace:
    def write_batch(connection: Connection, batch: Batch, options: Any, attempt: Any) -> WriteResult:
        if batch.action is not Action.MERGE:
            return plugin.write_batch(connection, batch, options, attempt)
        return WriteResult.of(pa.repeat("succeeded", batch.rows.num_rows), record_id=batch.merge_into)

    return _plugin(write_batch=write_batch)


def _shows_its_token() -> SimpleNamespace:
    def connect(config: plugin.Config, host: Host) -> Connection:
        return plugin.connect(config, RecordingHost())

    return _plugin(connect=connect)


def _forgets_to_say_why_a_field_is_read_only() -> SimpleNamespace:
    def discover_schema(object_name: str) -> object:
        schema = plugin.discover_schema(object_name)
        return evolve(schema, fields=tuple(evolve(each, not_writable={}) for each in schema.fields))

    return _plugin(discover_schema=discover_schema)


def _says_nothing_about_its_errors() -> SimpleNamespace:
    def classify_error(error: RowError | BaseException) -> Classification | None:
        known = plugin.classify_error(error)
        return known and evolve(known, cause="")

    return _plugin(classify_error=classify_error)


FAULTY: Mapping[str, Callable[[], SimpleNamespace]] = {
    "has nothing wrong": _plugin,
    "answers in another order": _answers_in_another_order,
    "anchors after it has executed": _anchors_after_it_has_executed,
    "never finds a batch again": _never_finds_a_batch_again,
    "keeps record ids of what is gone": _keeps_record_ids_of_what_is_gone,
    "takes a lost connection for not executed": _takes_a_lost_connection_for_not_executed,
    "puts texts on one line": _puts_texts_on_one_line,
    "rounds numbers to what a field shows": _rounds_numbers,
    "gives floats digits that they did not have": _widens_floats,
    "clears what should be left alone": _clears_what_should_be_left_alone,
    "says that it merged": _says_that_it_merged,
    "shows its token": _shows_its_token,
    "forgets to say why a field is read-only": _forgets_to_say_why_a_field_is_read_only,
    "says nothing about its errors": _says_nothing_about_its_errors,
}

CAUGHT_BY: Mapping[str, set[str]] = {
    "has nothing wrong": set(),
    "answers in another order": {
        "test_a_batch_is_answered_with_one_line_per_row_in_the_order_of_the_rows",
        "test_a_batch_can_be_asked_about_again",
        "test_a_death_does_not_touch_what_other_batches_did",
        "test_an_update_changes_the_records_that_are_named",
        "test_decimals_that_a_field_does_not_show_are_stored_all_the_same",
        "test_match_pairs_its_answers_with_the_values_by_position",
        "test_no_text_is_altered_on_the_way",
    },
    "anchors after it has executed": {"test_a_death_at_any_anchor_executes_the_rows_once"},
    "never finds a batch again": {
        "test_a_death_at_any_anchor_executes_the_rows_once",
        "test_a_batch_can_be_asked_about_again",
        "test_a_death_does_not_touch_what_other_batches_did",
    },
    "keeps record ids of what is gone": {
        "test_deleting_what_is_gone_says_so_and_the_record_id_is_to_be_forgotten",
        "test_updating_what_is_gone_says_so_and_the_record_id_is_to_be_forgotten",
    },
    "takes a lost connection for not executed": {"test_after_an_exception_the_batch_may_have_been_executed"},
    "puts texts on one line": {"test_no_text_is_altered_on_the_way"},
    "rounds numbers to what a field shows": {"test_decimals_that_a_field_does_not_show_are_stored_all_the_same"},
    "gives floats digits that they did not have": {"test_decimals_that_a_field_does_not_show_are_stored_all_the_same"},
    "clears what should be left alone": {"test_a_null_clears_or_is_left_alone_as_the_column_says"},
    "says that it merged": {"test_records_are_merged_into_another_one_and_merging_them_again_is_no_error"},
    "shows its token": {"test_secrets_are_hidden_before_they_are_used_and_shown_nowhere"},
    "forgets to say why a field is read-only": {"test_the_fields_of_every_object_make_sense"},
    "says nothing about its errors": {"test_one_bad_row_fails_alone_with_a_code_and_a_reason"},
}
"""The tests that must fail, and no others."""

_WRITING = (Mode.INSERT, Mode.UPSERT, Mode.UPDATE)

LACKING: Mapping[str, Callable[[], SimpleNamespace]] = {
    "reading": lambda: _limit(*_WRITING, without=["read_records"]),
    "deleting": lambda: _limit(*_WRITING),
    "creating": lambda: _limit(Mode.UPDATE),
    "keys": lambda: _limit(*_WRITING, change=lambda each: evolve(each, external_id=False)),
    "limits": lambda: _limit(*_WRITING, change=lambda each: evolve(each, length=None, restricted=False)),
    "limits of texts": lambda: _limit(*_WRITING, change=lambda each: evolve(each, length=None)),
}
"""The reference destination with one ability less."""

SKIPPED: Mapping[str, tuple[str, str | None]] = {
    "reading": ("test_no_text_is_altered_on_the_way", "the destination cannot be read back; present() can do it"),
    "deleting": (
        "test_updating_what_is_gone_says_so_and_the_record_id_is_to_be_forgotten",
        "the destination cannot delete the record that this needs gone",
    ),
    "creating": (
        "test_an_update_changes_the_records_that_are_named",
        "the destination cannot create the records that this would need",
    ),
    "keys": ("test_an_upsert_repeated_changes_the_same_records", "no object can be written in mode upsert"),
    "limits": ("test_one_bad_row_fails_alone_with_a_code_and_a_reason", "the schema of people forbids nothing"),
    "limits of texts": ("test_one_bad_row_fails_alone_with_a_code_and_a_reason", None),
}
"""A test that cannot be passed without the ability, and why it is skipped; None if it passes all the same."""
