"""A destination that breaks the contract in one way at a time: `hostile("match/position outside")`.

`BREACHES` lists them as `hook/breach`. A call of that hook must raise a `PluginError` that names the plugin and the
hook, and must have no other effect.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
from attrs import evolve, frozen

from connector_sdk import (
    CONTRACT,
    MATCH_SCHEMA,
    Api,
    Batch,
    Classification,
    Connection,
    Delivery,
    DestinationSpec,
    Executed,
    Field,
    FieldType,
    Finding,
    Kind,
    Level,
    Mode,
    ObjectInfo,
    ObjectSchema,
    Removal,
    WriteResult,
    hookimpl,
)

Hook = Callable[..., Any]

BROKEN_AT_LOADING = ("destination_spec", "loading")
"""The hooks whose breaches raise an error as soon as the plugin is loaded."""


@frozen
class NoSettings:
    """The empty config class of a connection, and the empty options class of a sync."""


@frozen
class _Settings:
    """Settings with a field that no project file can express."""

    lock: threading.Lock


_API = Api(name="only", delivery={Mode.UPSERT: Delivery.AT_LEAST_ONCE}, rows_default=10, rows_max=100, parallel_max=2)
_MODES = {Mode.UPSERT: frozenset({Removal.NOTHING})}
_SPEC = DestinationSpec(
    name="hostile", modes=_MODES, apis=(_API,), config=NoSettings, options=NoSettings, contract=CONTRACT
)
_SCHEMA = ObjectSchema(
    name="things", label="Things", fields=(Field(name="key", type=FieldType.TEXT),), modes=frozenset({Mode.UPSERT})
)
_CONNECTION = Connection(handle=None, account="acme", label="acme")
_KNOWN = Classification(kind=Kind.REJECTED, executed=Executed.NO)


def hostile(breach: str = "") -> SimpleNamespace:
    """Return a plugin that breaks the contract only in the way that `breach` names."""
    hooks = dict(_OBEDIENT)
    if breach:
        hook, function = breach.partition("/")[0], BREACHES[breach]
        hooks[function.__name__ if hook == "loading" else hook] = function
    return SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})


def _answer(value: Any) -> Hook:
    def answer() -> Any:
        return value

    return answer


def _raise(error: BaseException) -> Hook:
    def fail() -> Any:
        raise error

    return fail


def _with(answer: Any, **changes: Any) -> Hook:
    return _answer(evolve(answer, **changes))


def _spec(**changes: Any) -> Hook:
    return _with(_SPEC, **changes)


def _spec_without_contract() -> DestinationSpec:
    return DestinationSpec(name="hostile", modes=_SPEC.modes, apis=_SPEC.apis, config=NoSettings, options=NoSettings)  # type: ignore[call-arg]


def _api(**changes: Any) -> Hook:
    return _spec(apis=(evolve(_API, **changes),))


def _obedient_write(batch: Batch) -> WriteResult:
    return WriteResult.of(["succeeded"] * batch.rows.num_rows)


def _lines(more: int) -> Hook:
    def write(batch: Batch) -> WriteResult:
        return WriteResult.of(["succeeded"] * (batch.rows.num_rows + more))

    return write


def _status(status: Any) -> Hook:
    def write(batch: Batch) -> WriteResult:
        return WriteResult.of([status] * batch.rows.num_rows)

    return write


def _answer_id(record_id: str) -> Hook:
    def write(batch: Batch) -> WriteResult:
        rows = batch.rows.num_rows
        return WriteResult.of(["succeeded"] * rows, record_id=["t-1"] * (rows - 1) + [record_id])

    return write


def _answer_match(position: Any, object_name: Any, record_id: Any) -> Hook:
    columns = [
        pa.array([value], each.type)
        for value, each in zip((position, object_name, record_id), MATCH_SCHEMA, strict=True)
    ]
    return _answer(pa.Table.from_arrays(columns, schema=MATCH_SCHEMA))


def _records(fields: Sequence[str], version: Any) -> Hook:
    return _answer((pa.table({name: pa.array(["x"]) for name in fields}).to_reader(), version))


def _yield_objects() -> Iterator[ObjectInfo]:
    yield ObjectInfo("things", "Things", frozenset({Mode.UPSERT}))


def _rename_hook(name: str, function: Hook) -> Hook:
    function.__name__ = name
    return function


def _with_default(batch: Batch, patience: int = 3) -> WriteResult:
    return WriteResult.of(["succeeded"] * batch.rows.num_rows)


def _any_arguments(**arguments: Any) -> WriteResult:
    return WriteResult.of(["succeeded"] * arguments["batch"].rows.num_rows)


def _write_with_unknown_argument(batch: Batch, weather: str) -> WriteResult:
    return WriteResult.of(["succeeded"] * batch.rows.num_rows)


_OBEDIENT: Mapping[str, Hook] = {
    "destination_spec": _answer(_SPEC),
    "connect": _answer(_CONNECTION),
    "list_objects": _answer([ObjectInfo("things", "Things", frozenset({Mode.UPSERT}))]),
    "discover_schema": _answer(_SCHEMA),
    "match": _answer(MATCH_SCHEMA.empty_table()),
    "read_records": _records(["key"], "1"),
    "write_batch": _obedient_write,
    "classify_error": _answer(None),
}

_NO_ANSWER = {
    f"{hook}/nothing": _answer(None)
    for hook in (
        "destination_spec",
        "connect",
        "list_objects",
        "discover_schema",
        "match",
        "read_records",
        "write_batch",
    )
}
_WRONG_TYPE = {
    f"{hook}/a dict": _answer({"ok": True})
    for hook in (*_OBEDIENT, "recover_batch", "check_sync", "check_plan", "commands")
}  # fmt: skip
_STRANGE = {
    f"{hook}/{type(error).__name__} raised": _raise(error)
    for error in (KeyError("surprise"), SystemExit(3))
    for hook in ("destination_spec", "connect", "list_objects", "discover_schema", "match", "read_records",
                 "classify_error", "check_sync", "check_plan", "commands")
}  # fmt: skip

BREACHES: Mapping[str, Hook] = {
    **_NO_ANSWER,
    **_WRONG_TYPE,
    **_STRANGE,
    "loading/unknown hook": _rename_hook("wirte_batch", _lines(0)),
    "loading/unknown argument": _rename_hook("write_batch", _write_with_unknown_argument),
    "loading/argument with a default": _rename_hook("write_batch", _with_default),
    "loading/any arguments": _rename_hook("write_batch", _any_arguments),
    "destination_spec/newer contract": _spec(contract=CONTRACT + 1),
    "destination_spec/older contract": _spec(contract=CONTRACT - 1),
    "destination_spec/no contract": _spec_without_contract,
    "destination_spec/contract in words": _spec(contract="one"),
    "destination_spec/contract 0": _spec(contract=0),
    "destination_spec/a name that is none": _spec(name=None),
    "destination_spec/guards without a function": _spec(released_guards=frozenset()),
    "destination_spec/rows in words": _api(rows_default="10"),
    "destination_spec/bytes as a fraction": _api(bytes_max=1.5),
    "destination_spec/settings of a class that is none": _spec(config=_Settings),
    "destination_spec/no modes": _spec(modes={}),
    "destination_spec/modes as a list": _spec(modes=[Mode.UPSERT]),
    "destination_spec/mode in words": _spec(modes={"upsert all": frozenset({Removal.NOTHING})}),
    "destination_spec/removals in words": _spec(modes={Mode.UPSERT: "nothing"}),
    "destination_spec/insert that deletes": _spec(
        modes={Mode.UPSERT: frozenset(), Mode.INSERT: frozenset({Removal.DELETE})},
        apis=(evolve(_API, delivery=dict.fromkeys((Mode.UPSERT, Mode.INSERT), Delivery.AT_LEAST_ONCE)),),
    ),
    "destination_spec/no apis": _spec(apis=()),
    "destination_spec/apis in words": _spec(apis="only"),
    "destination_spec/one api twice": _spec(apis=(_API, _API)),
    "destination_spec/mode without an api": _spec(modes={Mode.UPSERT: frozenset(), Mode.INSERT: frozenset()}),
    "destination_spec/api of another mode": _api(
        delivery={Mode.INSERT: Delivery.AT_MOST_ONCE, Mode.UPSERT: Delivery.AT_LEAST_ONCE}
    ),
    "destination_spec/delivery in words": _api(delivery={Mode.UPSERT: "often"}),
    "destination_spec/no rows": _api(rows_default=0),
    "destination_spec/more rows than allowed": _api(rows_default=101),
    "destination_spec/no bytes": _api(bytes_max=0),
    "destination_spec/more bytes than allowed": _api(bytes_max=10, bytes_default=11),
    "destination_spec/nothing in flight": _api(parallel_default=0),
    "destination_spec/more in flight than allowed": _api(parallel_default=3),
    "destination_spec/settings without a class": _spec(config=dict),
    "destination_spec/options that are an object": _spec(options=NoSettings()),
    "destination_spec/empty text in words": _spec(empty_text="gone"),
    "connect/no account": _with(_CONNECTION, account=""),
    "connect/account as a number": _with(_CONNECTION, account=7),
    "connect/cannot be closed": _with(_CONNECTION, close=None),
    "connect/findings in words": _with(_CONNECTION, findings=("it is old",)),
    "connect/a finding without a level": _with(_CONNECTION, findings=(Finding("loud", "no"),)),  # type: ignore[arg-type]
    "connect/label as a number": _with(_CONNECTION, label=7),
    "list_objects/a generator": _yield_objects,
    "list_objects/names": _answer(["things"]),
    "list_objects/name as a number": _answer([ObjectInfo(7, "Things", frozenset())]),  # type: ignore[arg-type]
    "list_objects/no label": _answer([ObjectInfo("things", None, frozenset())]),  # type: ignore[arg-type]
    "discover_schema/fields by name": _with(_SCHEMA, fields=("key",)),
    "discover_schema/fields as a mapping": _with(_SCHEMA, fields={"key": FieldType.TEXT}),
    "discover_schema/one field twice": _with(_SCHEMA, fields=_SCHEMA.fields * 2),
    "discover_schema/another object": _with(_SCHEMA, name="others"),
    "discover_schema/name as a number": _with(_SCHEMA, name=7),
    "discover_schema/field named by a number": _with(_SCHEMA, fields=(evolve(_SCHEMA.fields[0], name=7),)),  # type: ignore[arg-type]
    "discover_schema/field with a line break": _with(_SCHEMA, fields=(evolve(_SCHEMA.fields[0], name="k\ney"),)),
    "discover_schema/length in words": _with(_SCHEMA, fields=(evolve(_SCHEMA.fields[0], length="long"),)),  # type: ignore[arg-type]
    "discover_schema/values that are numbers": _with(_SCHEMA, fields=(evolve(_SCHEMA.fields[0], values=(1, 2)),)),  # type: ignore[arg-type]
    "discover_schema/type in words": _with(_SCHEMA, fields=(Field(name="key", type="varchar"),)),  # type: ignore[arg-type]
    "match/other columns": _answer(pa.table({"position": [0], "id": ["t-1"]})),
    "match/position outside": _answer_match(1, "things", "t-1"),
    "match/position below zero": _answer_match(-1, "things", "t-1"),
    "match/no position": _answer_match(None, "things", "t-1"),
    "match/no object": _answer_match(0, None, "t-1"),
    "match/another object": _answer_match(0, "others", "t-1"),
    "match/an empty id": _answer_match(0, "things", ""),
    "match/an id with a line break": _answer_match(0, "things", "t-1\n"),
    "read_records/other columns": _records(["id"], "1"),
    "read_records/no version": _records(["key"], None),
    "read_records/a table": _answer((pa.table({"key": ["x"]}), "1")),
    "write_batch/a line too few": _lines(-1),
    "write_batch/a line too many": _lines(1),
    "write_batch/unknown status": _status("fine"),
    "write_batch/no status": _status(None),
    "write_batch/SystemExit raised": _raise(SystemExit(3)),
    "write_batch/an empty id": _answer_id(""),
    "write_batch/an id with a control character": _answer_id("t-\x001"),
    "recover_batch/an id with a line break": _answer_id("t-1\n"),
    "recover_batch/nonsense": _answer("probably"),
    "recover_batch/a line too few": _lines(-1),
    "recover_batch/SystemExit raised": _raise(SystemExit(3)),
    "classify_error/kind in words": _with(_KNOWN, kind="rejected"),
    "classify_error/executed as a flag": _with(_KNOWN, executed=False),
    "check_sync/text": _answer("all is well"),
    "check_plan/text": _answer("all is well"),
    "check_plan/level in words": _answer([Finding("stop", "no")]),  # type: ignore[arg-type]
    "check_plan/words that are numbers": _answer([Finding(Level.INFO, 7)]),  # type: ignore[arg-type]
    "commands/functions": _answer([print]),
}
"""All breaches by their names, `hook/what is wrong`."""
