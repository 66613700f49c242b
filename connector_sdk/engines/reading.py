"""What reading one model works with: the model, the columns that are used, and where copies go."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from attrs import define, field, frozen

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import Model
from connector_sdk.engines.relation import LEFT_OUT_HINT, Relation

if TYPE_CHECKING:
    from connector_sdk.engines.csv_files import CsvFile


@frozen
class UsedColumns:
    """The columns of a model that a sync uses; those of `identifying` say which record or row is meant."""

    names: frozenset[str]
    identifying: frozenset[str]

    @classmethod
    def of_key(cls, model: Model) -> UsedColumns:
        """Return what is used of every model: its primary key."""
        return cls(frozenset(model.primary_key), frozenset(model.primary_key))


@define
class Reading:
    """One model that is being read with a connection of its own; copies of its files go into `folder`.

    `used` columns are those of the model, and so of its files, unless there is SQL between the two; `mentioned` are
    the names in that SQL, in small letters, None where it takes whatever is there. `csv_files` are those that were
    opened, `copies` those of other files with the names of these, `allowed` every file that may be read. With
    `only_columns` nobody looks at the rows.
    """

    model: Model
    folder: Path
    connection: duckdb.DuckDBPyConnection
    used: UsedColumns
    only_columns: bool = False
    mentioned: Collection[str] | None = None
    csv_files: list[CsvFile] = field(factory=list)
    copies: dict[str, str] = field(factory=dict)
    allowed: list[str] = field(factory=list)

    @property
    def key(self) -> str:
        """The key of the model that says where its rows lie."""
        return "sql" if self.model.sql is not None else "file" if self.model.file is not None else "data"

    @property
    def wanted(self) -> Collection[str] | None:
        """The columns of its files that are used or described; None where the SQL decides."""
        return {*self.used.names, *self.model.types} if self.model.sql is None else None

    def may_use(self, column: str) -> bool:
        """Return whether a column of a file may be used."""
        if self.wanted is not None:
            return column in self.wanted
        return self.mentioned is None or column.casefold() in self.mentioned

    def problem(self, message: str, hint: str, *place: str | int) -> ConfigError:
        """Return the error for something that is wrong with the model, at a place below it, or where its rows lie."""
        return ConfigError([Problem(message, ("models", self.model.name, *(place or (self.key,))), hint)])


def require_any(reading: Reading, relation: Relation) -> None:
    """Raise `ConfigError` for a relation of whose columns none can be used."""
    if not relation.columns:
        reasons = "; ".join(f"{each}: {reason}" for each, reason in relation.left_out.items())
        raise reading.problem(f"no column can be used — {reasons}", LEFT_OUT_HINT)
