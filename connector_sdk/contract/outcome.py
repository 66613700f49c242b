"""The results of rows and batches: the destination's answer, its classification, and the outcome in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, StrEnum

import pyarrow as pa
from attrs import field, frozen

from connector_sdk.contract.batch import Action


class Outcome(StrEnum):
    """The result of a row in a run. Every planned row ends with exactly one outcome."""

    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    UNPROCESSED = "unprocessed"
    UNKNOWN = "unknown"


class RowStatus(StrEnum):
    """The destination's answer for one row of a batch."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOT_EXECUTED = "not_executed"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What to do about an error: send again, send again more slowly, give the row up, or stop the run."""

    TRANSIENT = "transient"
    THROTTLED = "throttled"
    REJECTED = "rejected"
    FATAL = "fatal"


class Executed(StrEnum):
    """Whether the destination may have executed what failed."""

    NO = "no"
    MAYBE = "maybe"


@frozen(kw_only=True)
class Classification:
    """The classification of an error: what to do about it, what caused it, and what a user can do about it.

    `retry_after` is in seconds, None if the destination names no time. `record_gone`: the record id with which the row
    was sent is no longer valid. `attempts` limits how often one run sends a row that fails this way. `max_retry_rows`
    limits how many such rows are sent again in one batch. For both, None leaves the decision to the core.

    `overloaded`: the destination is overloaded, and the core sends fewer batches at once for a while. `rematch`:
    another record has replaced the row's record, and this run looks the record up once more. `waits`: nothing was
    executed, and the error passes by itself, however long that takes. `write_batch` then waits with `attempt.wait`
    before it sends again; neither attempts nor time are limited.
    """

    kind: Kind
    executed: Executed
    cause: str = ""
    advice: str = ""
    retry_after: float | None = None
    record_gone: bool = False
    attempts: int | None = None
    max_retry_rows: int | None = None
    overloaded: bool = False
    rematch: bool = False
    waits: bool = False


@frozen
class RowError:
    """The error of a row in the destination's words. The plugin normalizes `code`.

    `action` is None if a hook that writes nothing raised `NotExecuted` with this code.
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
"""The columns of a `WriteResult`. `created` is null if the destination does not say. `fields` is comma-separated."""


def _is_result(_instance: object, _attribute: object, table: pa.Table) -> None:
    if table.schema != RESULT_SCHEMA:
        raise ValueError(f"a write result has the columns {RESULT_SCHEMA.names}, not {table.schema.names}")


@frozen
class WriteResult:
    """The destination's answer for a batch: one line per row, in the order of the rows. `rows` has `RESULT_SCHEMA`."""

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
        """Build a result from columns. The columns that are left out are null."""
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
    """The answer of `recover_batch` for a batch that was certainly not executed."""

    NOT_EXECUTED = "not executed"


NOT_EXECUTED = Recovery.NOT_EXECUTED
"""Nothing of the batch was executed, and nothing of it can be any more."""


@frozen
class Unknown:
    """The answer of `recover_batch` if it can never know the fate of a batch. `hint` says where a person can look."""

    hint: str
