"""Prepare a model's SQL: one SELECT that can read only the files that it names, and write none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import duckdb

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.engines.doubled_names import DoubledError, find_inner_doubled
from connector_sdk.engines.files import format_of
from connector_sdk.engines.model_files import file_parts
from connector_sdk.engines.reading import Reading, require_any
from connector_sdk.engines.relation import LEFT_OUT_HINT, Relation, find_doubled
from connector_sdk.engines.sql import escape_pattern, name, names, texts
from connector_sdk.engines.sql_tree import nodes, parse
from connector_sdk.engines.typed import require_csv, require_types, resolve_types
from connector_sdk.engines.unify import unify


def prepare_sql(reading: Reading) -> Relation:
    """Create a view for each file in a model's SQL, and return the SQL with the columns that are left out.

    The caller must `lock` the connection before it runs the SQL. Raises `ConfigError` unless the SQL is one SELECT,
    and for mistakes in the files.
    """
    sql = _single_select(reading)
    try:
        tree = parse(reading.connection, sql)
        if tree is None:
            raise ConfigError([_no_select(reading)])
        reading.mentioned = _find_column_names(tree)
        return Relation(sql, {}, _create_views(reading, tree))
    except RecursionError:
        raise _too_deep(reading) from None


def describe_result(reading: Reading, prepared: Relation) -> Relation:
    """Return the SELECT with its columns. Columns with duplicate names are left out.

    Raises `ConfigError` if it uses a column that was left out of a file, and `duckdb.Error` for other mistakes.
    """
    try:
        described = reading.connection.execute(f"describe (\n{prepared.select}\n)").fetchall()
    except duckdb.BinderException as error:
        raise _explain_left_out_column(reading, prepared, str(error)) or error from None
    given = [row[0] for row in described]
    doubled = {**_find_inner_doubled(reading, prepared, given), **find_doubled(given, "the result of the SQL")}
    columns = {row[0]: row[1] for row in described if row[0] not in doubled}
    reasons = {**prepared.left_out, **doubled}
    left_out = {each: reason for each, reason in reasons.items() if each not in columns}
    if not doubled:
        return Relation(prepared.select, columns, left_out)
    places = [f"c{place}" for place in range(len(given))]
    kept = (f"{place} as {name(each)}" for place, each in zip(places, given, strict=True) if each in columns)
    select = f"select {', '.join(kept)} from (\n{prepared.select}\n) result({names(places)})"
    return Relation(select, columns, left_out)


def _find_inner_doubled(reading: Reading, prepared: Relation, given: Sequence[str]) -> dict[str, str]:
    """Return the result columns that are duplicates in an inner query. Raises `ConfigError` if the SQL uses one."""
    try:
        return {
            given[place]: said for place, said in find_inner_doubled(reading.connection, prepared.select, given).items()
        }
    except RecursionError:
        raise _too_deep(reading) from None
    except DoubledError as error:
        raise reading.problem(str(error), "give each column of the inner query a different name") from None


def _too_deep(reading: Reading) -> ConfigError:
    return reading.problem("the SQL is nested too deeply", "use fewer operators in one expression")


def lock(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    """Let a connection read and write only `files`, and lock this setting."""
    allowed = dict.fromkeys([*files, *(escape_pattern(each) for each in files)])
    for statement in (
        f"set allowed_paths = {texts(allowed)}",
        "set python_enable_replacements = false",
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
        "set enable_external_access = false",
        "set lock_configuration = true",
    ):
        connection.execute(statement)


def _single_select(reading: Reading) -> str:
    """Return the SQL of a model up to its semicolon. Raises `ConfigError` unless it is one SELECT."""
    sql = (reading.model.sql or "").strip()
    statements = reading.connection.extract_statements(sql)
    if len(statements) != 1 or not _is_select(statements[0]):
        raise ConfigError([_no_select(reading)])
    encoded = sql.encode()
    ends = [start for start, _ in duckdb.tokenize(sql) if encoded[start : start + 1] == b";"]
    return encoded[: ends[0]].decode() if ends else sql


def _is_select(statement: duckdb.Statement) -> bool:
    """Return whether a statement is a SELECT. DuckDB's Python package does not know all types of statements."""
    try:
        return bool(statement.type == duckdb.StatementType.SELECT)
    except ValueError:
        return False


def _no_select(reading: Reading) -> Problem:
    place = ("models", reading.model.name, "sql")
    return Problem("the SQL of a model must be one SELECT", place, hint="run other statements before the sync")


def _find_column_names(tree: Any) -> frozenset[str] | None:
    """Return the column names in a SELECT, in lower case; None if it selects all columns with a star."""
    found: set[str] = set()
    for node in nodes(tree):
        if node.get("type") == "STAR":
            return None
        found.update(str(each).casefold() for each in node.get("column_names") or ())
        found.update(str(each).casefold() for each in node.get("using_columns") or ())
    return frozenset(found)


def _create_views(reading: Reading, tree: Any) -> dict[str, str]:
    """Create a view for each file that the SQL names as a table. Return the columns that are left out."""
    relations = {
        table: unify(reading.connection, list(file_parts(reading, table)))
        for table in _tables(tree)
        if "/" in table or format_of(table)
    }
    require_csv(reading)
    _require_partitions(reading, relations.values())
    columns = [each for table, relation in relations.items() if _is_csv(table) for each in _all(relation)]
    types = resolve_types(reading, columns, "no CSV file of the SQL has a column")
    left_out: dict[str, str] = {}
    for table, relation in relations.items():
        left_out |= relation.left_out
        require_any(reading, relation)
        cast = require_types(relation, types, reading.used.identifying, table) if _is_csv(table) else relation
        reading.connection.execute(f"create view {name(table)} as {cast.select}")
    return left_out


def _require_partitions(reading: Reading, relations: Iterable[Relation]) -> None:
    """Raise `ConfigError` for partitions that no path in the SQL has."""
    found = {each for relation in relations for each in relation.columns}
    if missing := [each for each in reading.model.partitions if each not in found]:
        message = f"no path in the SQL has {missing[0]}=..."
        raise reading.problem(
            message, "name just what the paths have, such as region for region=EU/people.csv", "partitions"
        )


def _tables(tree: Any) -> list[str]:
    """Return the tables that a parsed SELECT reads by a name without a schema, at any depth, each once."""
    return list(
        dict.fromkeys(
            node["table_name"]
            for node in nodes(tree)
            if node.get("type") == "BASE_TABLE" and not node.get("schema_name")
        )
    )


def _is_csv(table: str) -> bool:
    found = format_of(table)
    return found is not None and found.value == "CSV"


def _all(relation: Relation) -> Iterator[str]:
    return iter((*relation.columns, *relation.left_out))


def _explain_left_out_column(reading: Reading, prepared: Relation, message: str) -> ConfigError | None:
    """Return the error for a column that DuckDB misses because it was left out; None for other missing columns."""
    folded = {each.casefold(): reason for each, reason in prepared.left_out.items()}
    for quoted in re.findall(r'"((?:[^"]|"")*)"', message.partition("\n")[0]):
        if known := folded.get(quoted.casefold()):
            return reading.problem(f"the SQL cannot use the column {quoted}: {known}", LEFT_OUT_HINT)
    return None
