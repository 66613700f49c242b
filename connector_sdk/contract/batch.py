"""The batches that a destination writes, and what it notes while it writes them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

import pyarrow as pa
from attrs import frozen

from connector_sdk.contract.spec import Mode


class Action(StrEnum):
    """What to do with the rows of a batch."""

    CREATE = "create"
    UPDATE = "update"
    UPSERT = "upsert"
    DELETE = "delete"
    MERGE = "merge"
    REPLACE = "replace"


ACTIONS: Mapping[Mode, Action] = {
    Mode.INSERT: Action.CREATE,
    Mode.UPDATE: Action.UPDATE,
    Mode.UPSERT: Action.UPSERT,
    Mode.ARCHIVE: Action.DELETE,
    Mode.ALL: Action.REPLACE,
}
"""The action that each mode takes for a row of the model."""


class OnNull(StrEnum):
    """What a null in a column means: clear the field, or leave it alone."""

    CLEAR = "clear"
    KEEP = "keep"


@frozen
class Reference:
    """The key of a referenced record: `field` of `object_name`. The destination finds the record by its value."""

    object_name: str
    field: str


@frozen
class Column:
    """A field to write. If `by` is set, its cells hold keys of the referenced records instead of their ids."""

    field: str
    on_null: OnNull = OnNull.CLEAR
    by: Reference | None = None


@frozen(kw_only=True)
class Block:
    """Consecutive rows of a plan with one object, one action and one list of columns, before they are cut into batches.

    `rows` has one Arrow column per entry of `columns`, in the same order and named after its field. `record_ids` (text,
    one per row, null if unknown) are the records to update, delete or merge. `merge_into` (text, one per row) are the
    records that they are merged into; rows with the same one are adjacent. `match_field` is the field by which an
    upsert finds its records, and one of the columns.
    """

    object_name: str
    action: Action
    mode: Mode
    api: str
    columns: tuple[Column, ...]
    rows: pa.Table
    record_ids: pa.Array | None = None
    match_field: str | None = None
    merge_into: pa.Array | None = None


ENCODED_SCHEMA = pa.schema([("line", pa.large_binary()), ("code", pa.string()), ("message", pa.string())])
"""The columns of the table that `encode_rows` returns. A row without a `line` has a `code` and a `message`."""


@frozen(kw_only=True)
class Batch(Block):
    """Rows that are sent together, with the parts of a `Block`. `version` is that of the target in mode `all`."""

    run: str
    number: int
    version: str | None = None


@frozen(kw_only=True)
class Anchor:
    """What identifies a batch at the destination, noted by one attempt to write it. `at` is ISO 8601 in UTC."""

    batch: int
    attempt: int
    step: str
    handle: Mapping[str, str]
    at: str


class Attempt(Protocol):
    """One attempt to write or recover a batch, as the destination sees it."""

    @property
    def number(self) -> int:
        """The number of this attempt, counted from 1."""
        ...

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """All anchors of this batch, oldest first."""
        ...

    def anchor(self, step: str, **handle: str) -> None:
        """Note what identifies the batch at the destination. The note is on disk when this returns."""
        ...

    def run_anchors(self) -> tuple[Anchor, ...]:
        """Return all anchors of this run, oldest first."""
        ...

    def wait(self, seconds: float, reason: str = "") -> None:
        """Sleep, and raise `Cancelled` once the run no longer waits for this batch. `reason` goes into the log.

        A run that stops gives batches in flight a few more seconds. The sleep is then shorter than `seconds`; check
        the batch again when this returns.
        """
        ...


Options = Any
"""An instance of the plugin's options class."""
