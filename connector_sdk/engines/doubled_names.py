"""Find duplicate column names inside a model's SQL, of which DuckDB silently takes the first column.

Each duplicate gets a name that the SQL cannot know, and DuckDB binds the SQL again. If that fails, the SQL uses one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import duckdb
from attrs import define, field, frozen

from connector_sdk.contract.errors import Portable
from connector_sdk.engines.relation import find_doubled
from connector_sdk.engines.sql_tree import nodes, parse, select_of

Node = dict[str, Any]
"""A part of a parsed SELECT."""


class DoubledError(Portable, Exception):
    """The SQL uses a duplicate column name, or the check cannot rule that out."""


@frozen
class _Doubled:
    """A column with a duplicate name: the name, the node that has the column, and where both columns are."""

    name: str
    holder: Node
    reason: str


@define
class _Search:
    """The search through the CTEs and sub-selects of one SELECT. `found` maps new names to the duplicate columns.

    `unknown` lists the parts whose columns the search cannot determine.
    """

    connection: duckdb.DuckDBPyConnection
    prefix: str
    found: dict[str, _Doubled] = field(factory=dict)
    unknown: list[str] = field(factory=list)

    def rename(self, tree: Any, ctes: Mapping[str, Node]) -> None:
        """Give duplicate columns new names in a tree, inner parts first. `ctes` are the CTEs in scope."""
        if isinstance(tree, list):
            for each in tree:
                self.rename(each, ctes)
        if not isinstance(tree, dict):
            return
        for entry in _entries(tree):
            query = entry["value"]["query_node"]
            scope = {**ctes, _key(entry): entry} if query["type"] == "RECURSIVE_CTE_NODE" else ctes
            self.rename(query, scope)
            self._rename_columns(entry["value"], "aliases", self._columns(query, ctes), f"the CTE {entry['key']}")
            ctes = {**ctes, _key(entry): entry}
        for key, each in tree.items():
            if key != "cte_map":
                self.rename(each, ctes)
        if tree.get("type") == "SUBQUERY" and "column_name_alias" in tree:
            said = f"the sub-select {tree.get('alias') or 'after FROM'}"
            self._rename_columns(tree, "column_name_alias", self._columns(tree["subquery"]["node"], ctes), said)
        elif tree.get("column_name_alias"):
            columns = self._columns_of_table(tree, ctes)
            self._rename_columns(tree, "column_name_alias", columns, f"the table {tree.get('alias')}")

    def _rename_columns(self, holder: Node, key: str, columns: Sequence[str] | None, said: str) -> None:
        if columns is None:
            self.unknown.append(said)
            return
        given = holder.get(key) or []
        named = [*given, *columns[len(given) :]]
        shown = [self.found[each].name if each in self.found else each for each in named]
        doubled = find_doubled(shown, said)
        if not doubled:
            return
        for place, each in enumerate(shown):
            if each in doubled:
                named[place] = f"{self.prefix}{len(self.found)}"
                self.found[named[place]] = _Doubled(each, holder, doubled[each])
        holder[key] = named

    def _columns(self, query: Node, ctes: Mapping[str, Node]) -> Sequence[str] | None:
        """Return the columns of an inner query, duplicates included; None if they cannot be determined."""
        if query["type"] == "RECURSIVE_CTE_NODE":
            query = query["left"]
        own = {_key(each): each for each in _entries(query)}
        alone = {**query, "cte_map": {"map": list({**ctes, **own}.values())}}
        found = describe(self.connection, alone)
        if found is not None or query["type"] != "SELECT_NODE":
            return found
        return describe(self.connection, _without_outer(alone)) or self._list_columns(query)

    def _columns_of_table(self, table: Node, ctes: Mapping[str, Node]) -> Sequence[str]:
        """Return the columns that a table has by itself; [] if it depends on the rows of a table beside it."""
        whole: Node = parse(self.connection, "select * from model")["statements"][0]["node"]
        whole |= {"from_table": {**table, "column_name_alias": []}, "cte_map": {"map": list(ctes.values())}}
        return describe(self.connection, whole) or []

    def _list_columns(self, query: Node) -> Sequence[str] | None:
        """Return the columns that a SELECT lists by name; [] for `*` from one table, which has no duplicates.

        Return None if they cannot be determined.
        """
        items = query["select_list"]
        if not any(each["class"] == "STAR" for each in items):
            return [_name_of(each) for each in items]
        return [] if len(items) == 1 and query["from_table"]["type"] != "JOIN" else None


def find_inner_doubled(connection: duckdb.DuckDBPyConnection, sql: str, given: Sequence[str]) -> Mapping[int, str]:
    """Return the positions of result columns that are duplicates in an inner query, each with the reason.

    `given` are the columns of the result. Raises `DoubledError` if the SQL uses a duplicate column by its name.
    """
    root = parse(connection, sql)["statements"][0]["node"]
    search = _Search(connection, _choose_prefix(sql))
    search.rename(root, {})
    if search.found:
        found = _bind(search, root)
        _refuse_other_meanings(search, root)
        if len(found) != len(given) or any(
            each != before and each not in search.found for each, before in zip(found, given, strict=True)
        ):
            raise DoubledError(_describe_ambiguity(search.found.values(), "may use"))
    if search.unknown:
        raise DoubledError(f"cannot tell whether {search.unknown[0]} has two columns with the same name")
    if not search.found:
        return {}
    return {place: search.found[each].reason for place, each in enumerate(found) if each in search.found}


def describe(connection: duckdb.DuckDBPyConnection, node: Node) -> Sequence[str] | None:
    """Return the columns of a SELECT; None if DuckDB cannot bind it."""
    try:
        return [row[0] for row in connection.execute(f"describe ({select_of(connection, node)})").fetchall()]
    except duckdb.Error:
        return None


def _bind(search: _Search, root: Node) -> Sequence[str]:
    """Return the columns of the result with the new names. Raises `DoubledError` if DuckDB misses a former name."""
    try:
        sql = select_of(search.connection, root)
        return [row[0] for row in search.connection.execute(f"describe ({sql})").fetchall()]
    except duckdb.Error as error:
        line = str(error).partition("\n")[0]
        missing = {each.casefold() for each in re.findall(r'"((?:[^"]|"")*)"', line)}
        used = [each for each in search.found.values() if each.name.casefold() in missing]
        raise DoubledError(
            _describe_ambiguity(used[-1:], "uses") if used else _describe_ambiguity(search.found.values(), "may use")
        ) from None


def _refuse_other_meanings(search: _Search, root: Node) -> None:
    """Raise `DoubledError` if a name binds to something else after the duplicate columns have new names.

    It may bind to an alias of the same SELECT, or to a column of an outer query. A natural join compares fewer columns.
    """
    for join in (each for each in nodes(root) if each.get("ref_type") == "NATURAL"):
        if used := [each for each in search.found.values() if _reads(join, each.holder)]:
            raise DoubledError(_describe_ambiguity(used, "may use"))
    inner = [
        id(each) for node in nodes(root) if node.get("class") == "SUBQUERY" for each in nodes(node.get("subquery"))
    ]
    for select in (each for each in nodes(root) if each.get("type") == "SELECT_NODE"):
        aliases = {each["alias"].casefold() for each in select["select_list"] if each.get("alias")}
        bare = set(_bare_names(select))
        for each in search.found.values():
            name = each.name.casefold()
            if name not in bare or not (name in aliases or id(select) in inner):
                continue
            if _reads(select["from_table"], each.holder) and not _holds(each.holder, select):
                raise DoubledError(_describe_ambiguity([each], "may use"))


def _bare_names(tree: Any) -> Iterator[str]:
    """Yield the columns that a SELECT names without a table, except for those in its inner queries."""
    if isinstance(tree, dict):
        if tree.get("class") == "COLUMN_REF" and len(tree["column_names"]) == 1:
            yield str(tree["column_names"][0]).casefold()
        tree = {key: each for key, each in tree.items() if key not in ("cte_map", "from_table", "subquery")}
    for each in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _bare_names(each)


def _reads(table: Node, holder: Node) -> bool:
    """Return whether a table may read rows of `holder`. Any table name may mean a CTE."""
    is_cte = "query_node" in holder
    return any(each is holder or (is_cte and each.get("type") == "BASE_TABLE") for each in nodes(table))


def _holds(tree: Node, node: Node) -> bool:
    return any(each is node for each in nodes(tree))


def _describe_ambiguity(doubled: Iterable[_Doubled], uses: str) -> str:
    first = next(iter(doubled))
    return f"the SQL {uses} the column {first.name}, and {first.reason}"


def _without_outer(query: Node) -> Node:
    """Return a SELECT without references to outer queries: only its tables, and null columns of the same names."""
    null = {"class": "CONSTANT", "type": "VALUE_CONSTANT", "value": {"type": {"id": "NULL"}, "is_null": True}}
    columns = [each if each["class"] == "STAR" else {**null, "alias": _name_of(each)} for each in query["select_list"]]
    gone: Node = {"where_clause": None, "group_expressions": [], "group_sets": [], "having": None, "qualify": None}
    return {**query, "select_list": columns, "modifiers": [], **gone}


def _name_of(item: Node) -> str:
    """Return the name of a column in a SELECT's list. Columns without a name get different ones."""
    names = item.get("column_names") or [f"unnamed {item.get('query_location')}"]
    return str(item.get("alias") or names[-1])


def _entries(tree: Node) -> list[Node]:
    """Return the CTEs of a query."""
    entries: list[Node] = (tree.get("cte_map") or {}).get("map") or []
    return entries


def _key(entry: Node) -> str:
    return str(entry["key"]).casefold()


def _choose_prefix(sql: str) -> str:
    """Return a prefix that does not occur in the SQL."""
    prefix = "doubled_"
    while prefix in sql.casefold():
        prefix += "_"
    return prefix
