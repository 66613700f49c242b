"""What became of rows and batches: the destination's answer, its classification, and the outcome in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, StrEnum

import pyarrow as pa
from attrs import field, frozen

from connector_sdk.contract.batch import Action


class Outcome(StrEnum):
    """What became of a row in a run; every planned row ends as exactly one of these."""

    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    UNPROCESSED = "unprocessed"
    UNKNOWN = "unknown"


class RowStatus(StrEnum):
    """What a destination says of one row of a batch."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOT_EXECUTED = "not_executed"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What an error asks for: send again, send again slower, give the row up, stop the run."""

    TRANSIENT = "transient"
    THROTTLED = "throttled"
    REJECTED = "rejected"
    FATAL = "fatal"


class Executed(StrEnum):
    """Whether the destination may have executed what failed."""

    NO = "no"
    MAYBE = "maybe"


@frozen
class Classification:
    """An error, understood: what it asks for, what caused it and what a person can do about it.

    `retry_after` is in seconds, None where the destination names no time. `forget_record` means that the record id
    which the row was sent with is no longer valid. `attempts` bounds how often a row that fails this way is sent in
    one run, `rows_max` how many of them travel together when they are sent again; None where the core decides.
    `crowded` means that too much is going on there at the same time: fewer batches are sent at once for a while.
    `look_again` means that another record has taken the place of the row's: it is looked up once more in this run.
    `waits` means that it passes by itself, however long that takes, and that `write_batch` waits for it by
    `attempt.wait` before it sends again: nothing was executed, and neither tries nor time are bounded.
    """

    kind: Kind
    executed: Executed
    cause: str = ""
    advice: str = ""
    retry_after: float | None = None
    forget_record: bool = False
    attempts: int | None = None
    rows_max: int | None = None
    crowded: bool = False
    look_again: bool = False
    waits: bool = False


@frozen
class RowError:
    """The error of a row, as the destination worded it; `code` is normalised by the plugin.

    `action` is None where a hook that writes nothing raised `NotExecuted` with this code.
    """

    code: str
    message: str
    action: Action | None


RESULT_SCHEMA = pa.schema(
    [
        pa.field("status", pa.string(), nullable=False),
        ("record_id", pa.string()),
        ("created", pa.bool_()),
        ("code", pa.string()),
        ("message", pa.string()),
        ("fields", pa.string()),
    ]
)
"""The columns of a `WriteResult`; `created` is null where the destination does not say, `fields` is comma-separated."""


def _is_result(_instance: object, _attribute: object, table: pa.Table) -> None:
    if table.schema != RESULT_SCHEMA:
        raise ValueError(f"a write result has the columns {RESULT_SCHEMA.names}, not {table.schema.names}")


@frozen
class WriteResult:
    """What a destination says of a batch: one line per row, in the order of the rows. `rows` has `RESULT_SCHEMA`."""

    rows: pa.Table = field(validator=_is_result)

    @classmethod
    def of(
        cls,
        status: Sequence[str] | pa.Array,
        *,
        record_id: Sequence[str | None] | pa.Array | None = None,
        created: Sequence[bool | None] | pa.Array | None = None,
        code: Sequence[str | None] | pa.Array | None = None,
        message: Sequence[str | None] | pa.Array | None = None,
        fields: Sequence[str | None] | pa.Array | None = None,
    ) -> WriteResult:
        """Build a result from columns; those left out are null."""
        columns = (status, record_id, created, code, message, fields)
        arrays = [_array(column, len(status), each.type) for column, each in zip(columns, RESULT_SCHEMA, strict=True)]
        return cls(pa.Table.from_arrays(arrays, schema=RESULT_SCHEMA))


def _array(column: Sequence[object] | pa.Array | None, rows: int, type_: pa.DataType) -> pa.Array:
    if column is None:
        return pa.nulls(rows, type_)
    if isinstance(column, pa.Array | pa.ChunkedArray):
        return column if column.type == type_ else column.cast(type_)
    return pa.array(column, type_)


class Recovery(Enum):
    """The answer of `recover_batch` when a batch was certainly not executed."""

    NOT_EXECUTED = "not executed"


NOT_EXECUTED = Recovery.NOT_EXECUTED
"""Nothing of the batch was executed, and nothing of it can be any more."""


@frozen
class Unknown:
    """The answer of `recover_batch` when the fate of a batch cannot be learnt; `look` tells a person where to look."""

    look: str
