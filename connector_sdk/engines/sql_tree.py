"""Convert a SELECT into a tree of JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb


def parse(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """Return a SELECT as a tree of JSON; None if the SQL is not a SELECT. Raises `RecursionError` if it is too deep."""
    ((found,),) = connection.execute("select json_serialize_sql(?)", [sql]).fetchall()
    tree = json.loads(found)
    return None if tree["error"] else tree


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects of a tree, from the root to the leaves."""
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    for each in tree if isinstance(tree, list) else ():
        yield from nodes(each)


def select_of(connection: duckdb.DuckDBPyConnection, node: Mapping[str, Any]) -> str:
    """Return the SQL of a SELECT node in a tree."""
    tree = {"error": False, "statements": [{"node": node}]}
    ((found,),) = connection.execute("select json_deserialize_sql(?)", [json.dumps(tree)]).fetchall()
    return str(found)
