"""Warn of SQL that orders by text whose values are all numbers, because as text, 10 comes before 9."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from connector_sdk.engines.reading import Reading
from connector_sdk.engines.relation import Part
from connector_sdk.engines.sql import name, text
from connector_sdk.engines.sql_tree import nodes, parse, select_of

_NUMBER = r"[+-]?[0-9]+(\.[0-9]+)?"

_WHOLE = "^[0-9]+"
"""The digits before the point of a number without a sign."""

Node = Mapping[str, Any]
"""A part of a parsed SELECT."""


def order_warnings(reading: Reading, sql: str, frozen: Part) -> tuple[str, ...]:
    """Return a warning for each text of numbers by which a model's SQL orders rows, also in windows and inner queries.

    `frozen` is the result of the SQL. Expressions that are not in it are checked with a separate query.
    """
    root = parse(reading.connection, sql)["statements"][0]["node"]
    named = (
        each
        for node in nodes(root)
        for order in _orders(node, root)
        for each in _texts_of_digits(reading.connection, node, order, frozen, is_root=node is root)
    )
    return tuple(
        f"the SQL of model {reading.model.name} orders by {each}, which is text of digits: 10 comes before 9"
        for each in dict.fromkeys(named)
    )


def _orders(node: Node, root: Node) -> Iterator[Node]:
    """Yield the expressions by which a SELECT orders its rows, or those of a window or an aggregate in it."""
    if node is not root and node.get("type") != "SELECT_NODE":
        return
    inner = nodes([node.get("select_list"), node.get("qualify")])
    for each in (*(node.get("modifiers") or ()), *inner):
        for order in (*(each.get("orders") or ()), *((each.get("order_bys") or {}).get("orders") or ())):
            yield order["expression"]


def _texts_of_digits(
    connection: duckdb.DuckDBPyConnection, node: Node, order: Node, frozen: Part, *, is_root: bool
) -> Iterator[str]:
    """Yield the columns or expressions of an order that are text and whose values are all numbers."""
    columns = _result_columns(order, frozen) if is_root else []
    for each in columns:
        if frozen.columns[each].type == "VARCHAR" and _all_numbers(connection, name(each), frozen.relation):
            yield name(each) if " " in each else each
    if columns or node["type"] != "SELECT_NODE" or order["class"] in ("CONSTANT", "STAR"):
        return
    try:
        query = select_of(connection, {**node, "select_list": [{**order, "alias": "o"}], "modifiers": []})
        ((_, type_, *_),) = connection.execute(f"describe ({query})").fetchall()
        found = type_ == "VARCHAR" and _all_numbers(connection, "o", f"({query})")
    except duckdb.Error:
        return  # the query refers to tables of an outer query
    if found:
        alone = parse(connection, "select 1")["statements"][0]["node"]
        yield select_of(connection, {**alone, "select_list": [order]}).removeprefix("SELECT ")


def _result_columns(order: Node, frozen: Part) -> list[str]:
    """Return the columns of the result that an order names: by name, by position, or all of them."""
    columns = list(frozen.columns)
    if order["class"] == "STAR":
        return columns
    if order["class"] == "COLUMN_REF" and len(order["column_names"]) == 1:
        return [each for each in columns if each.casefold() == order["column_names"][0].casefold()]
    given = order.get("literal", {}).get("text", order.get("value", {}).get("value"))
    return columns[int(given) - 1 :][:1] if order["class"] == "CONSTANT" and str(given).isdigit() else []


def _all_numbers(connection: duckdb.DuckDBPyConnection, value: str, relation: str) -> bool:
    """Return whether there are values, and all of them are numbers.

    Numbers with leading zeros and equal length do not count, because their order as text is right.
    """
    digits = f"length(regexp_extract({value}, {text(_WHOLE)}))"
    query = (
        f"select count({value}) > 0 and bool_and(regexp_full_match({value}, {text(_NUMBER)}))"
        f" and not (min({digits}) = max({digits}) and max({digits}) > 1 and min({value}) < '1')"
        f" from {relation}"
    )
    ((found,),) = connection.execute(query).fetchall()
    return bool(found)
