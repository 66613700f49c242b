"""The classes of a project: its connections, its models, its syncs and their order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from connector_sdk.contract.batch import OnNull
from connector_sdk.contract.spec import Mode, Removal

Scalar = str | int | Decimal | bool | date | datetime


@frozen
class ConnectionConfig:
    """A connection to open: the type of its destination (an entry-point name) and the settings of its plugin."""

    name: str
    type: str
    settings: Mapping[str, Any] = field(factory=dict)


@frozen(kw_only=True)
class CsvForm:
    """The format of CSV files. A `delimiter` or `encoding` of None is detected from the file. `quote` may be empty.

    Without a header the columns are `column0`, `column1` and so on. A quote inside quotes is doubled.
    """

    delimiter: str | None = None
    quote: str = '"'
    encoding: str | None = None
    header: bool = True


@frozen(kw_only=True)
class Model:
    """A query result with a primary key. Exactly one of `file`, `sql` and `data` is given.

    `file` is a path to Parquet, CSV or JSON. `sql` is one SELECT in which file names in quotes are tables. `data` is
    any object with an Arrow stream (`__arrow_c_stream__`), for use from Python. `types` gives SQL types to columns of
    a CSV file; the other columns are text. A cell that its type cannot hold exactly is refused. `csv` is the format of
    CSV files. `partitions` names the parts of paths (`region=EU`) that become columns. Relative paths start at
    `folder`.
    """

    name: str
    primary_key: tuple[str, ...]
    file: str | None = None
    sql: str | None = None
    data: Any = field(default=None, repr=False)
    types: Mapping[str, str] = field(factory=dict)
    folder: str = "."
    csv: CsvForm = field(factory=CsvForm, repr=False)
    partitions: tuple[str, ...] = field(default=(), repr=False)


@frozen
class Match:
    """The rule by which a row finds its record: the record's `field` has the value of the row's `column`."""

    field: str
    column: str


@frozen
class Merge:
    """The rule by which rows are one record: they have the same value in the column `shared_id`.

    Exactly one of the other two columns is given. `is_child` is a boolean column, true in the rows that are merged
    away. `merge_id` has the match value of the row that stays, and is null in that row.
    """

    shared_id: str
    is_child: str | None = None
    merge_id: str | None = None


@frozen
class Find:
    """A lookup: the id of the record of `object_name` whose field `where` has the value of the column `equals`.

    `object_name` may be several objects; the record may belong to any of them. `conditions` are further fields, each
    with the value that the record must have there.
    """

    object_name: str | tuple[str, ...]
    equals: str
    where: str | None = None
    conditions: Mapping[str, Scalar] = field(factory=dict)

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects to which the record may belong."""
        return (self.object_name,) if isinstance(self.object_name, str) else self.object_name


@frozen(kw_only=True)
class FieldMapping:
    """What goes into a field: a column, a constant, or the id of another record. Exactly one of the three is given.

    `truncate` cuts text that is too long for the field. `round` rounds off decimals that the field does not show, half
    up.
    """

    field: str
    column: str | None = None
    value: Scalar | None = None
    find: Find | None = None
    null: OnNull = OnNull.CLEAR
    truncate: bool = False
    round: bool = False


@frozen(kw_only=True)
class Guards:
    """Limits that stop a run before it writes. `--accept NAME` releases one of them once.

    `max_removed`, `max_removed_per_day` and `max_changed` are a count of rows, or a share as text (`"10%"`). None
    switches a limit off. A day is the last 24 hours. Its share is of the rows that were known before the first removal
    within it.
    """

    max_removed: int | str | None = "10%"
    min_rows: int | None = 1
    max_changed: int | str | None = None
    max_removed_per_day: int | str | None = "20%"


class OnHeld(StrEnum):
    """The exit of a run while rows of its sync are held: report them and exit with 3, or exit as if there were none."""

    REPORT = "report"
    IGNORE = "ignore"


@frozen(kw_only=True)
class DeliveryOptions:
    """The options of every sync, whatever its destination. None takes the default of the destination's api.

    `retry_codes` are further error codes whose rows are sent again in the same run, beyond those that the destination
    names. `lock_aware` never sends batches at the same time that would lock the same record, if the destination says
    which records it locks.
    """

    api: str | None = None
    batch_size: int | None = None
    batch_bytes: int | None = None
    parallelism: int | None = None
    split_retries: bool = True
    retry_codes: tuple[str, ...] = ()
    lock_aware: bool = True


@frozen(kw_only=True)
class Sync:
    """One model that goes to one object of a connection (or each row to one of several objects), in one mode.

    `options` are those of the destination, as written; `delivery` are the core's own. `on_held` does not change what
    is sent. It is therefore no part of the `repr`, by which the core notices that a sync changed.
    """

    name: str
    model: str
    connection: str
    objects: tuple[str, ...]
    mode: Mode
    fields: tuple[FieldMapping, ...] = ()
    match: Match | None = None
    on_removed: Removal = Removal.NOTHING
    create_in: str | None = None
    merge: Merge | None = None
    guards: Guards = field(factory=Guards)
    delivery: DeliveryOptions = field(factory=DeliveryOptions)
    options: Mapping[str, Any] = field(factory=dict)
    on_held: OnHeld = field(default=OnHeld.REPORT, repr=False)


@frozen
class Keep:
    """How long ledgers and recorded calls are kept. Of the two limits, the one that keeps more counts."""

    days: int = 30
    runs: int = 20


@frozen(kw_only=True)
class Project:
    """Everything that a project file says. A host may also build it from these classes, without a file.

    `folder` is where relative paths start and where `.connector/` is. `file` is empty if the project was built in
    Python.
    """

    connections: Mapping[str, ConnectionConfig]
    models: Mapping[str, Model]
    syncs: Mapping[str, Sync]
    sequences: Mapping[str, tuple[str, ...]] = field(factory=dict)
    keep: Keep = field(factory=Keep)
    folder: str = "."
    file: str = ""


@frozen
class Outline:
    """The part of a project that its history needs: where the project is, and the names of its syncs."""

    syncs: Collection[str]
    folder: str
    file: str
