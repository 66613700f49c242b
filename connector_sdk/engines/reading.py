"""The context of reading one model: the model, its used columns, and the folder for copies."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb
from attrs import define, field, frozen

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import Model
from connector_sdk.engines.csv_text import CsvFile
from connector_sdk.engines.relation import LEFT_OUT_HINT, Relation


@frozen
class UsedColumns:
    """The columns of a model that a sync uses. Those in `identifying` identify the row or the record."""

    names: frozenset[str]
    identifying: frozenset[str]

    @classmethod
    def of_key(cls, model: Model) -> UsedColumns:
        """Return the columns that every sync uses: the primary key."""
        return cls(frozenset(model.primary_key), frozenset(model.primary_key))


@define
class Reading:
    """The reading of one model, with a DuckDB connection of its own. Copies of its files go into `folder`.

    `used` are the used columns of the model. Without SQL, these are also the used columns of its files. `mentioned` are
    the column names in the SQL, in lower case; None if it selects all columns. `csv_files` are the opened CSV files.
    `copies` maps copies of other files to the names of these files. `allowed` are all files that DuckDB may read.
    With `only_columns`, the caller does not use the rows.
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
        """The key of the model that names its source: `sql`, `file` or `data`."""
        return "sql" if self.model.sql is not None else "file" if self.model.file is not None else "data"

    @property
    def wanted(self) -> Collection[str] | None:
        """The columns of its files that a sync uses or the model gives a type; None if the model has SQL."""
        return {*self.used.names, *self.model.types} if self.model.sql is None else None

    def may_use(self, column: str) -> bool:
        """Return whether the sync or the SQL may use a column of a file."""
        if self.wanted is not None:
            return column in self.wanted
        return self.mentioned is None or column.casefold() in self.mentioned

    def problem(self, message: str, hint: str, *place: str | int) -> ConfigError:
        """Return the error for a mistake in the model, at a `place` below it; by default, at the key of its source."""
        return ConfigError([Problem(message, ("models", self.model.name, *(place or (self.key,))), hint)])


def require_any(reading: Reading, relation: Relation) -> None:
    """Raise `ConfigError` for a relation without usable columns."""
    if not relation.columns:
        reasons = "; ".join(f"{each}: {reason}" for each, reason in relation.left_out.items())
        raise reading.problem(f"no column can be used — {reasons}", LEFT_OUT_HINT)
