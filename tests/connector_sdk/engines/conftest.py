"""Open models in a project's folder and look at what is read."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from connector_sdk import ConfigError, Model, Problem
from connector_sdk.engines.models import Source, open_model, require_columns
from connector_sdk.engines.reading import UsedColumns
from connector_sdk.engines.sql import names

Read = Callable[..., pa.Table]
Refuse = Callable[..., Problem]
Open = Callable[..., Source]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a project."""
    made = tmp_path / "project"
    made.mkdir()
    return made


@pytest.fixture
def read(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Open a model and return its rows, with their positions in the column `#`."""

    def read_rows(**given: Any) -> pa.Table:
        source = _open_source(folder, tmp_path_factory, given)
        rows = _database().sql(f'select {names(source.columns)}, {source.position} as "#" from {source.relation}')
        table: pa.Table = rows.to_arrow_table()
        assert table.num_rows == source.rows
        return table

    return read_rows


@pytest.fixture
def open_(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Open a model, and return its source."""
    return lambda **given: _open_source(folder, tmp_path_factory, given)


@pytest.fixture
def lack(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Refuse:
    """Open a model whose column `lacking` cannot be used, and return the problem of using it."""

    def find_problem(*, lacking: str, **given: Any) -> Problem:
        source = _open_source(folder, tmp_path_factory, given | {"used": (lacking, *given.get("used", ()))})
        (problem,) = require_columns(
            Model(name="orders", primary_key=("id",)), source, {lacking: ("syncs", "s", "fields", "F")}
        )
        assert problem.path == ("syncs", "s", "fields", "F")
        assert problem.hint
        return problem

    return find_problem


@pytest.fixture
def refuse(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Refuse:
    """Open a model that must be refused, and return its one problem."""

    def read_refusal(**given: Any) -> Problem:
        with pytest.raises(ConfigError) as raised:
            _open_source(folder, tmp_path_factory, given)
        (problem,) = raised.value.problems
        key = next(each for each in ("sql", "file", "data") if each in given)
        assert problem.path in (("models", "orders", key), ("models", "orders", *given.get("place", (key,))))
        assert problem.hint
        return problem

    return read_refusal


@cache
def _database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    return connection


def _open_source(folder: Path, factory: pytest.TempPathFactory, given: dict[str, Any]) -> Source:
    """Open a model. `used` are the columns that a sync uses beside the key `id`; `place` is where a problem lies."""
    used = UsedColumns(frozenset(["id", *given.get("used", ())]), frozenset(["id"]))
    settings = {each: value for each, value in given.items() if each not in ("used", "place")}
    return open_model(
        Model(name="orders", primary_key=("id",), folder=str(folder), **settings), factory.mktemp("plan"), used
    )
