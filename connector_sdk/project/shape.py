"""The shape of the project file. Its JSON Schema is derived from these classes; `convert` turns them into a project."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from attrs import field, frozen

from connector_sdk.contract.batch import OnNull
from connector_sdk.contract.project import CsvForm, Guards, Keep, OnHeld, Scalar
from connector_sdk.contract.spec import Mode, Removal
from connector_sdk.settings.json_schema import Rest, Rule

Name = Annotated[
    str,
    Rule(
        pattern="^[a-z0-9][a-z0-9_-]{0,63}$",
        form="lower-case letters, digits, _ and -, beginning with a letter or digit, at most 64",
    ),
]
Count = Annotated[int, Rule(minimum=0)]
Share = Annotated[
    str, Rule(pattern=r"^(none|(100|[1-9]?[0-9])(\.[0-9]+)?%)$", form="a count of rows, a share such as 10%, or none")
]
Names = Annotated[tuple[str, ...], Rule(min_items=1)]
OneCharacter = Annotated[str, Rule(pattern=r"^[^\r\n]$", form="one character")]


class OnOff(StrEnum):
    """A switch, in words."""

    ON = "on"
    OFF = "off"


@frozen
class ConnectionShape:
    """A destination to log in to. The keys beside `type` are those of its plugin."""

    type: Annotated[str, "The destination's type: the name under which its plugin is installed."]
    settings: Rest = field(factory=dict)


@frozen
class CsvShape:
    """How the CSV files of a model are written."""

    delimiter: Annotated[
        OneCharacter | None, "What separates the cells. Without it, that of , ; tab | which yields the columns in use."
    ] = CsvForm().delimiter
    quote: Annotated[OneCharacter | Literal[""], "What encloses a cell; nothing does where it is empty."] = (
        CsvForm().quote
    )
    encoding: Annotated[str | None, "Such as utf-16 or windows-1252. Without it, by byte order mark, else UTF-8."] = (
        CsvForm().encoding
    )
    header: Annotated[bool, "Whether the first line names the columns; else they are column0, column1, ..."] = (
        CsvForm().header
    )


@frozen
class ModelShape:
    """A query result with a primary key: one of file and sql."""

    primary_key: Annotated[str | Names, "The column, or the columns, that identify a row."]
    file: Annotated[str | None, "A Parquet, CSV or JSON file."] = None
    sql: Annotated[str | None, "One SELECT; file names in quotes are tables."] = None
    types: Annotated[Mapping[str, str], "SQL types of columns of a CSV file; text otherwise."] = field(factory=dict)
    csv: Annotated[CsvShape, "How CSV files are written."] = field(factory=CsvShape)
    partitions: Annotated[tuple[str, ...], "The parts of paths, such as region=EU, that become columns of text."] = ()


@frozen
class MatchShape:
    """Which records are meant: those whose field has the value of the column."""

    field: Annotated[str, "The field of the destination that identifies a record."]
    column: Annotated[str, "The column of the model that holds its value."]


@frozen
class ColumnShape:
    """A column of the model goes into the field."""

    column: Annotated[str, "The column of the model."]
    null: Annotated[OnNull, "What a null does: clear the field, or keep what is there."] = OnNull.CLEAR
    truncate: Annotated[bool, "Cut text that is too long for the field."] = False
    round: Annotated[bool, "Round decimals that the field does not show, half up."] = False


@frozen
class ConstantShape:
    """The same value goes into the field of every row."""

    value: Annotated[Scalar, "The value."]
    round: Annotated[bool, "Round decimals that the field does not show, half up."] = False


@frozen
class FindShape:
    """The id of another record goes into the field."""

    find: Annotated[str | Names, "The object in which the record is looked up, or several."]
    equals: Annotated[str, "The column of the model whose value is looked for."]
    where: Annotated[str | None, "The field it must equal; may be left out when a sync writes that object."] = None
    and_: Annotated[Mapping[str, Scalar], "Further fields, with the value that the record must have in each."] = field(
        factory=dict
    )
    null: Annotated[OnNull, "What a null does: clear the field, or keep what is there."] = OnNull.CLEAR


Source = str | ColumnShape | ConstantShape | FindShape


@frozen
class MergeShape:
    """Rows that are one record: those that share an id."""

    shared_id: Annotated[str, "The column whose value the rows of one record share."]
    is_child: Annotated[str | None, "The boolean column that is false in the row that stays."] = None
    merge_id: Annotated[str | None, "The column with the match value of the row that stays."] = None


@frozen
class GuardsShape:
    """Limits that stop a run before it writes; each is released once by --accept."""

    max_removed: Annotated[Count | Share | None, "Rows that may leave at once: a count, or a share."] = (
        Guards().max_removed
    )
    max_removed_per_day: Annotated[
        Count | Share | None, "Rows that may be removed within 24 hours: a count, or a share."
    ] = Guards().max_removed_per_day
    min_rows: Annotated[Count | None, "Rows that the model must have."] = Guards().min_rows
    max_changed: Annotated[Count | Share | None, "Rows that may change at once: a count, or a share."] = (
        Guards().max_changed
    )


@frozen
class OptionsShape:
    """How rows are delivered. Further keys are those of the destination's plugin."""

    api: Annotated[str | None, "Which API of the destination writes; `auto`: that with the fewest batches."] = None
    batch_size: Annotated[int | None, "Rows in a batch."] = None
    batch_bytes: Annotated[int | None, "Bytes of a batch before it is compressed."] = None
    parallelism: Annotated[int | None, "Batches in flight at the same time."] = None
    split_retries: Annotated[bool | OnOff, "Send again only the rows that failed."] = OnOff.ON
    retry_codes: Annotated[tuple[str, ...], "Further error codes whose rows are sent again."] = ()
    lock_aware: Annotated[bool | OnOff, "Never write rows at the same time that lock the same record."] = OnOff.ON
    others: Rest = field(factory=dict)


@frozen
class SyncShape:
    """One model goes to one object of a connection, in one mode."""

    model: Annotated[str, "A model of this file."]
    connection: Annotated[str, "A connection of this file."]
    object: Annotated[str | Names, "The object that is written, or several of which each row goes to one."]
    mode: Annotated[Mode, "What is done: insert, update, upsert, archive or all."]
    match: Annotated[MatchShape | None, "Which records the rows mean."] = None
    fields: Annotated[Mapping[str, Source], "What goes where."] = field(factory=dict)
    on_removed: Annotated[Removal, "What happens when a row leaves the model."] = Removal.NOTHING
    create_in: Annotated[str | None, "Of several objects, the one that new records go to."] = None
    merge: Annotated[MergeShape | None, "Rows that are one record."] = None
    on_held: Annotated[OnHeld, "While rows are held: report them and exit with 3, or ignore."] = OnHeld.REPORT
    guards: Annotated[GuardsShape, "Limits that stop a run before it writes."] = field(factory=GuardsShape)
    options: Annotated[OptionsShape, "How rows are delivered."] = field(factory=OptionsShape)


@frozen
class KeepShape:
    """How long ledgers and recorded calls are kept: whichever of the two keeps more."""

    days: Annotated[Count, "Days."] = Keep().days
    runs: Annotated[Count, "Runs of each sync."] = Keep().runs


@frozen
class ProjectShape:
    """A project of connector-sdk: connections, models, and the syncs between them."""

    version: Annotated[Literal[1], "The version of this file's format: 1."]
    connections: Annotated[Mapping[Name, ConnectionShape], "Destinations to log in to."] = field(factory=dict)
    models: Annotated[Mapping[Name, ModelShape], "Query results that are sent."] = field(factory=dict)
    syncs: Annotated[Mapping[Name, SyncShape], "Which model goes where."] = field(factory=dict)
    sequences: Annotated[Mapping[Name, Names], "Syncs in the order in which they run."] = field(factory=dict)
    keep: Annotated[KeepShape, "How long ledgers and recorded calls are kept."] = field(factory=KeepShape)
