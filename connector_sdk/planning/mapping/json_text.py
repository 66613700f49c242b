"""SQL that writes a struct, a map or a list as JSON without blanks.

Numbers keep every digit: only floating-point numbers pass through floating point. Date-times are in UTC, with `T` and
`Z`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import duckdb
from attrs import frozen
from duckdb.sqltypes import DuckDBPyType

from connector_sdk.contract.errors import Portable
from connector_sdk.engines.sql import text
from connector_sdk.planning.mapping.kinds import Kind, kind_of
from connector_sdk.planning.mapping.text_forms import ALWAYS, TEXT_FORMS

_BARE = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN})
"""The kinds whose text is valid JSON."""


@frozen
class Json:
    """SQL for JSON text, null if the value is null, and SQL that is true for a value that JSON cannot express."""

    text: str
    fails: str


class NoJsonError(Portable, Exception):
    """JSON cannot express any value of this type."""


def json_text(value: str, type_: str) -> Json:
    """Return SQL that writes `value`, SQL of a nested type, as JSON. Raises `NoJsonError`."""
    try:
        parsed = duckdb.sqltype(type_)
    except duckdb.Error:
        raise NoJsonError(type_) from None
    return _json(value, parsed, 0)


def _json(value: str, type_: DuckDBPyType, depth: int) -> Json:
    match type_.id:
        case "list" | "array":
            ((_, inner),) = _children(type_)
            return _list(value, inner, depth)
        case "struct":
            return _struct(value, type_, depth)
        case "map":
            return _map(value, type_, depth)
    return _scalar(value, str(type_))


def _scalar(value: str, type_: str) -> Json:
    kind = kind_of(type_)
    if kind not in TEXT_FORMS:
        raise NoJsonError(type_)
    form = TEXT_FORMS[kind].format(x=value)
    fails = "false" if kind in ALWAYS else f"{value} is not null and {form} is null"
    if kind in _BARE or type_ == "JSON":
        return Json(form, fails)
    return Json(f"cast(to_json({form}) as varchar)" if kind is Kind.TEXT else _quote(form), fails)


def _list(value: str, type_: DuckDBPyType, depth: int) -> Json:
    element = f"e{depth}"
    inner = _json(element, type_, depth + 1)
    listed = _join(f"list_transform({value}, lambda {element}: {_or_null(inner)})", "[", "]")
    return Json(_unless_null(value, listed), _any_fails(value, element, [inner]))


def _struct(value: str, type_: DuckDBPyType, depth: int) -> Json:
    members = [(name, _json(f"struct_extract({value}, {text(name)})", of, depth)) for name, of in _children(type_)]
    parts = (f"{text(json.dumps(name, ensure_ascii=False) + ':')} || {_or_null(of)}" for name, of in members)
    body = f"'{{' || {' || chr(44) || '.join(parts)} || '}}'"
    return Json(_unless_null(value, body), _any([of for _, of in members]))


def _map(value: str, type_: DuckDBPyType, depth: int) -> Json:
    entry = f"e{depth}"
    (_, key_type), (_, value_type) = _children(type_)
    key = _json(f"{entry}.key", key_type, depth + 1)
    named = key.text if kind_of(str(key_type)) not in _BARE else _quote(key.text)
    inner = _json(f"{entry}.value", value_type, depth + 1)
    entries = f"map_entries({value})"
    pairs = _join(f"list_transform({entries}, lambda {entry}: {named} || ':' || {_or_null(inner)})", "{", "}")
    return Json(_unless_null(value, pairs), _any_fails(entries, entry, [key, inner]))


def _children(type_: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    """Return the types inside a nested type, by name. DuckDB lists an array's length among them; it is left out."""
    return [(name, of) for name, of in type_.children if isinstance(of, DuckDBPyType)]


def _quote(form: str) -> str:
    return f"chr(34) || {form} || chr(34)"


def _join(listed: str, first: str, last: str) -> str:
    return f"{text(first)} || array_to_string({listed}, ',') || {text(last)}"


def _or_null(inner: Json) -> str:
    return f"coalesce({inner.text}, 'null')"


def _unless_null(value: str, body: str) -> str:
    return f"case when {value} is not null then {body} end"


def _any(parts: Iterable[Json]) -> str:
    """Return SQL that is true if one of several parts cannot be written as JSON."""
    return " or ".join(f"({each.fails})" for each in parts if each.fails != "false") or "false"


def _any_fails(listed: str, element: str, parts: Iterable[Json]) -> str:
    fails = _any(parts)
    return fails if fails == "false" else f"len(list_filter({listed}, lambda {element}: {fails})) > 0"
