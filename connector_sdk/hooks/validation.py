"""Check the answers of a destination: each way in which they can break the contract has a sentence here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
import pyarrow as pa

from connector_sdk.contract.connection import Connection
from connector_sdk.contract.errors import Problem
from connector_sdk.contract.outcome import Classification, Executed, Kind, RowStatus, WriteResult
from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.schema import MATCH_SCHEMA, Field, FieldType, ObjectInfo, ObjectSchema
from connector_sdk.contract.spec import CONTRACT, Api, DestinationSpec, Mode, Removal
from connector_sdk.settings.instances import read_as
from connector_sdk.settings.json_schema import json_schema

_COMPATIBILITY = "docs/destinations/compatibility.md"

_REMOVALS = {
    Mode.INSERT: {Removal.NOTHING},
    Mode.UPDATE: {Removal.NOTHING, Removal.CLEAR},
    Mode.UPSERT: set(Removal),
    Mode.ARCHIVE: {Removal.NOTHING},
    Mode.ALL: {Removal.NOTHING},
}
"""The removals that each mode may offer. Only mode upsert knows for certain which records are its own."""


def read_spec(spec: DestinationSpec) -> tuple[DestinationSpec, list[str]]:
    """Return a spec with its parts converted to their declared types, and a list of what is wrong with it."""
    mistyped: list[Problem] = []
    typed = read_as(DestinationSpec, spec, (), mistyped)
    problems = [f"{'.'.join(map(str, each.path))} {each.message}" for each in mistyped]
    problems += _class_problems(spec)
    return typed, problems or list(spec_problems(typed))


def spec_problems(spec: DestinationSpec) -> Iterator[str]:
    """Yield what is wrong with a spec whose parts have their declared types."""
    yield from _mode_problems(spec)
    for api in spec.apis:
        yield from _api_problems(spec, api)
    yield from (f"has two apis {name}" for name in _find_repeated(each.name for each in spec.apis))
    if spec.mergeable is not None and spec.mergeable.max_rows < 1:
        yield f"has mergeable with max_rows {spec.mergeable.max_rows}, which is not a number of rows"


def contract_problems(spec: DestinationSpec) -> Iterator[str]:
    """Yield a problem if a plugin was written for a contract that this core does not serve."""
    number: Any = spec.contract
    if type(number) is not int or number != CONTRACT:
        update = "the plugin" if type(number) is int and number < CONTRACT else "connector-sdk"
        yield f"needs contract {number}, this core has {CONTRACT}: update {update} ({_COMPATIBILITY})"


def hint_at_contract(error: BaseException | None) -> str:
    """Return a hint for an error of a plugin that may be written for another contract; otherwise an empty text.

    Such a plugin imports names that are gone, or calls classes with their former arguments.
    """
    is_import = isinstance(error, ImportError) and str(error.name).partition(".")[0] == "connector_sdk"
    if is_import or isinstance(error, TypeError):
        return f" (if the plugin was written for another contract than {CONTRACT}, update it: {_COMPATIBILITY})"
    return ""


def connection_problems(connection: Connection) -> Iterator[str]:
    """Yield what is wrong with an open connection."""
    if not isinstance(connection.account, str) or not connection.account:
        yield "without an account"
    if not isinstance(connection.label, str) or not isinstance(connection.production, bool | None):
        yield "whose label is not text, or whose production is neither true nor false nor None"
    if not callable(connection.close):
        yield "that cannot be closed"
    if not _all_of(connection.findings, Finding):
        yield "whose findings are not a list of Finding"
    else:
        yield from (f"with {each}" for each in finding_problems(connection.findings))


def object_problems(objects: Iterable[ObjectInfo]) -> Iterator[str]:
    """Yield what is wrong with a list of objects."""
    for each in objects:
        if not _is_name(each.name) or not isinstance(each.label, str) or not _all_of(each.modes, Mode):
            yield f"an object {each.name!r} whose name or label is not text, or whose modes are not a set of Mode"


def schema_problems(schema: ObjectSchema, object_name: str) -> Iterator[str]:
    """Yield what is wrong with the schema of the object with this name."""
    if schema.name != object_name or not isinstance(schema.label, str):
        yield f"named {schema.name!r} with the label {schema.label!r}, and {object_name} was asked for"
    if not _all_of(schema.fields, Field):
        yield "whose fields are not a list of Field"
        return
    nameless = [each.name for each in schema.fields if not _is_name(each.name)]
    if nameless:
        yield f"with a field {nameless[0]!r}, which is not a name"
        return
    yield from (f"with two fields {name}" for name in _find_repeated(each.name for each in schema.fields))
    for each in schema.fields:
        yield from (f"whose field {each.name} {problem}" for problem in _field_problems(each))
    if not _all_of(schema.modes, Mode):
        yield "whose modes are not a set of Mode"


def match_problems(table: pa.Table, objects: Sequence[str], values: int) -> Iterator[str]:
    """Yield what is wrong with the answer to a match of `values` values in `objects`."""
    import pyarrow.compute as pc  # imported here to keep lists of runs fast

    if table.schema != MATCH_SCHEMA:
        yield f"the columns {table.schema.names}, not {MATCH_SCHEMA.names}"
        return
    empty = [name for name in ("position", "object_name") if table.column(name).null_count]
    if empty:
        yield f"a line without a {empty[0].replace('_', ' ')}"
        return
    lowest, highest = pc.min_max(table.column("position")).values()
    if table.num_rows and not 0 <= lowest.as_py() <= highest.as_py() < values:
        yield f"positions outside of the {values} values asked for"
    if _holds_no_id(table.column("record_id")):
        yield "a record id that is empty, or no text in one line"
    strange = set(table.column("object_name").unique().to_pylist()) - set(objects)
    if strange:
        yield f"records of {', '.join(sorted(strange))}, which nobody asked for"


def read_stream(answer: Any) -> Any:
    """Return an answer of `read_records` with its stream read, so that an error in the stream is one of the hook."""
    match answer:
        case (pa.RecordBatchReader() as stream, version):
            return stream.read_all().to_reader(), version
    return answer


def result_problems(result: WriteResult, rows: int) -> Iterator[str]:
    """Yield what is wrong with the result of a batch of `rows` rows."""
    if result.rows.num_rows != rows:
        yield f"{result.rows.num_rows} lines for {rows} rows"
        return
    known = [each.value for each in RowStatus]
    status = result.rows.column("status")
    strange = [each for each in status.unique().to_pylist() if each not in known]
    if strange:
        yield f"the status {strange[0]!r}, not one of {known}"
    elif _holds_no_id(result.rows.column("record_id").filter(_is_succeeded(status))):
        yield "a record id that is empty, or no text in one line, for a row that succeeded"


def classification_problems(classification: Classification) -> Iterator[str]:
    """Yield what is wrong with the classification of an error."""
    if not isinstance(classification.kind, Kind):
        yield f"the kind {classification.kind!r}, not a Kind"
    if not isinstance(classification.executed, Executed):
        yield f"executed {classification.executed!r}, not an Executed"


def finding_problems(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield what is wrong with findings about a plan."""
    for each in findings:
        if not isinstance(each.level, Level):
            yield f"the level {each.level!r}, not a Level"
        if not all(isinstance(text, str) for text in (each.message, each.advice, each.guard)):
            yield f"a finding {each.message!r} whose words are no texts"


def _field_problems(each: Field) -> Iterator[str]:
    if not isinstance(each.type, FieldType):
        yield "has no FieldType"
    if not all(isinstance(text, str) for text in (each.label, each.native_type, each.pattern, *each.values)):
        yield "has a label, native type, pattern or value that is not text"
    if not all(size is None or type(size) is int for size in (each.length, each.precision, each.scale)):
        yield "has a length, precision or scale that is not a whole number"


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and name != "" and name.isprintable()


def _is_succeeded(status: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.equal(status, RowStatus.SUCCEEDED.value)


def _holds_no_id(ids: pa.ChunkedArray) -> bool:
    """Return whether a column of record ids has one that is empty or holds a control character."""
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(ids, r"^$|[\x00-\x1f\x7f]")).as_py())


def _class_problems(spec: DestinationSpec) -> Iterator[str]:
    """Yield why the classes of a spec cannot hold settings."""
    for name in ("config", "options"):
        found = getattr(spec, name)
        if not isinstance(found, type):
            continue
        if not attrs.has(found):
            yield f"has a {name} that is not an attrs class"
            continue
        try:
            json_schema(found)
        except Exception as error:
            yield f"has a {name} whose settings cannot be read: {error}"


def _mode_problems(spec: DestinationSpec) -> Iterator[str]:
    if not spec.modes:
        yield "declares no mode"
    if not spec.apis:
        yield "declares no way to write (apis)"
    for mode, removals in spec.modes.items():
        if not removals <= _REMOVALS[mode]:
            yield f"allows {', '.join(sorted(removals - _REMOVALS[mode]))} for removed rows in mode {mode}"
    uncovered = set(spec.modes) - {mode for api in spec.apis for mode in api.modes}
    if spec.apis and uncovered:
        yield f"no api writes {', '.join(sorted(uncovered))}"


def _api_problems(spec: DestinationSpec, api: Api) -> Iterator[str]:
    if not api.modes <= set(spec.modes):
        yield f"api {api.name} writes modes that the destination does not have"
    if api.rows_default < 1 or (api.rows_max is not None and api.rows_default > api.rows_max):
        yield f"api {api.name}: rows_default {api.rows_default} is outside of 1 to {api.rows_max}"
    if api.bytes_max is not None and api.bytes_max < 1:
        yield f"api {api.name}: bytes_max {api.bytes_max} leaves no room for a row"
    if api.bytes_default is not None and not 1 <= api.bytes_default <= (api.bytes_max or api.bytes_default):
        yield f"api {api.name}: bytes_default {api.bytes_default} is outside of 1 to {api.bytes_max}"
    if not 1 <= api.parallel_default <= api.parallel_max:
        yield f"api {api.name}: parallel_default {api.parallel_default} is outside of 1 to {api.parallel_max}"


def _all_of(found: Any, type_: type) -> bool:
    collection = isinstance(found, Iterable) and not isinstance(found, str | Iterator)
    return collection and all(isinstance(each, type_) for each in found)


def _find_repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
