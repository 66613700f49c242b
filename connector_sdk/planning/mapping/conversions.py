"""The conversion of a model's values to a field's: the SQL that converts them, and the checks that refuse them.

Text is read strictly, by the field's own format and row by row. Decimals never pass through floating point. A column
whose type can never fit is one problem of the mapping, not one of each row.
"""

from __future__ import annotations

from attrs import evolve, frozen

from connector_sdk.contract.codes import Code
from connector_sdk.contract.schema import Equality, Field, FieldType
from connector_sdk.engines.sql import as_set, text, texts
from connector_sdk.planning.mapping.blanks import trim_blanks
from connector_sdk.planning.mapping.choice_lists import can_be_joined, join_choices, list_texts
from connector_sdk.planning.mapping.decimals import decimal_type, describe_decimal, read_decimal
from connector_sdk.planning.mapping.json_text import NoJsonError, json_text
from connector_sdk.planning.mapping.kinds import Kind, is_float, kind_of
from connector_sdk.planning.mapping.misfits import MisfitError, suggest_select
from connector_sdk.planning.mapping.text_forms import CAST, DATES, INSTANT, MOMENTS, TEXT_FORMS, float_text

_MOST_CHOICES = 100
_SHOWN = 60
"""The number of characters of a refused value that its message shows."""


@frozen
class Check:
    """A reason to refuse a row: SQL that is true for it, and SQL for the message. `code` is that of the ledger."""

    failed: str
    code: Code
    message: str


@frozen
class Conversion:
    """SQL for the value of a field, and its checks in the order in which they are reported."""

    value: str
    checks: tuple[Check, ...]


def sql_type(field: Field) -> str:
    """Return the type in DuckDB in which a field's values are kept."""
    return decimal_type(field) if field.type is FieldType.DECIMAL else _TYPES.get(field.type, "varchar")


_TYPES = {
    FieldType.INTEGER: "bigint",
    FieldType.FLOAT: "double",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
    FieldType.DATETIME: "timestamptz",
    FieldType.TIME: "time",
    FieldType.BINARY: "blob",
    FieldType.LIST: "varchar[]",
}


def convert(source: str, type_: str, field: Field, *, truncate: bool = False, rounds: bool = False) -> Conversion:
    """Convert `source`, SQL of type `type_`, into a value of `field`.

    `truncate` cuts text that is too long, `rounds` rounds decimals beyond the scale. Raises `MisfitError` if no value
    can ever fit.
    """
    kind = kind_of(type_)
    if type_ == "VARCHAR" and _ignores_blanks(field):
        source = trim_blanks(source)
    made = _read(source, type_, kind, field, rounds=rounds)
    value = made.value
    if field.length is not None and truncate and field.type is FieldType.TEXT:
        value = f"left({value}, {field.length})"
    if field.type is FieldType.CHOICES:
        value = as_set(value)
    return Conversion(value, (*made.checks, *_limits(value, field)))


def convert_key(source: str, type_: str, field: Field, *, truncate: bool = False) -> Conversion:
    """Convert a value by which a record is found: exactly, because another value would mean another record.

    Raises `MisfitError` if no value can ever fit.
    """
    if kind_of(type_) in (Kind.LIST, Kind.STRUCT):
        raise _misfit(type_, field)
    return convert(source, type_, evolve(field, stores_more_decimals=False), truncate=truncate)


def _ignores_blanks(field: Field) -> bool:
    """Return whether blanks around a text do not count: around ids, and around texts with a pattern."""
    has_form = bool(field.pattern) and Equality.TRIMMED in field.equality
    return field.type is FieldType.REFERENCE or has_form


def _read(source: str, type_: str, kind: Kind, field: Field, *, rounds: bool) -> Conversion:
    """Return the value of a cell, and the checks that it has one."""
    if field.type is FieldType.DECIMAL and kind in (Kind.TEXT, Kind.INTEGER, Kind.NUMBER):
        read = read_decimal(source, type_, field, rounds=rounds)
        if read.refused is None:
            return Conversion(read.value, ())
        expected = describe_decimal(field, kind, rounds=rounds)
        return Conversion(read.value, (_refusal(read.refused, source, field, expected),))
    if field.type is FieldType.CHOICES and can_be_joined(type_):
        return _join_list(source, type_, field)
    if field.type is FieldType.LIST and can_be_joined(type_):
        return _as_texts(source, type_, field)
    if _becomes_json(type_, kind, field):
        return _as_json(source, type_, field)
    value = _value(source, type_, kind, field)
    unfit = _refusal(f"{source} is not null and {value} is null", source, field, describe_type(field))
    return Conversion(value, () if value == source else (unfit,))


def _value(source: str, type_: str, kind: Kind, field: Field) -> str:
    convertible = _CONVERSIONS.get(field.type, TEXT_FORMS)
    if kind not in convertible:
        raise _misfit(type_, field)
    form = convertible[kind]
    if is_float(type_) and convertible is TEXT_FORMS:
        return float_text(source)
    exact = kind is Kind.INTEGER and type_ == "BIGINT" and field.type is FieldType.INTEGER
    plain = kind is Kind.TEXT and type_ in ("VARCHAR", "JSON") and form == CAST
    return source if exact or plain else form.format(x=source)


def _misfit(type_: str, field: Field) -> MisfitError:
    message = f"a column of type {type_.lower()} can never go into {field.name}, which takes {describe_type(field)}"
    return MisfitError(message, suggest_select(type_, field.type, sql_type(field)))


def _join_list(source: str, type_: str, field: Field) -> Conversion:
    """Return a list as several choices."""
    joined = join_choices(source, type_)
    checks = []
    if joined.torn is not None:
        checks.append(_refusal(f"{joined.torn} is not null", joined.torn, field, "values without a semicolon"))
    if joined.unsayable is not None:
        checks.append(_refusal(f"{joined.unsayable} is not null", joined.unsayable, field, describe_type(field)))
    return Conversion(joined.value, tuple(checks))


def _as_texts(source: str, type_: str, field: Field) -> Conversion:
    """Return a list as a list of texts."""
    listed = list_texts(source, type_)
    if listed.unsayable is None:
        return Conversion(listed.value, ())
    refused = _refusal(f"{listed.unsayable} is not null", listed.unsayable, field, describe_type(field))
    return Conversion(listed.value, (refused,))


def _becomes_json(type_: str, kind: Kind, field: Field) -> bool:
    """Return whether a value is written as JSON. The text of a column must be JSON already to go into a JSON field."""
    if field.type is FieldType.JSON:
        return type_ not in ("VARCHAR", '"NULL"')
    return field.type is FieldType.TEXT and kind in (Kind.LIST, Kind.STRUCT)


def _as_json(source: str, type_: str, field: Field) -> Conversion:
    """Return a nested value as JSON text."""
    try:
        json = json_text(source, type_)
    except NoJsonError:
        raise _misfit(type_, field) from None
    if json.fails == "false":
        return Conversion(json.text, ())
    expected = "JSON, which has no infinity, no NaN and no dates beyond the year 9999"
    return Conversion(json.text, (_refusal(json.fails, source, field, expected),))


_FLOAT = "[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]{{1,3}})?"
_DAY = "[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{{1,9}})?)?"
_ZONE = "(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)?"
"""A time zone, with or without a colon in it."""

_TRUE = ("true", "yes", "y", "on", "1")
_FALSE = ("false", "no", "n", "off", "0")
"""The spellings of booleans, in any case."""

_CONVERSIONS: dict[FieldType, dict[Kind, str]] = {
    FieldType.INTEGER: {
        Kind.TEXT: "case when regexp_full_match({x}, '[+-]?[0-9]+') then try_cast({x} as bigint) end",
        Kind.INTEGER: "try_cast({x} as bigint)",
        Kind.NUMBER: "case when {x} = trunc({x}) then try_cast({x} as bigint) end",
    },
    FieldType.DECIMAL: {},
    FieldType.FLOAT: {
        Kind.TEXT: f"case when regexp_full_match({{x}}, '{_FLOAT}') and isfinite(try_cast({{x}} as double))"
        " then try_cast({x} as double) end",
        Kind.INTEGER: "case when try_cast(cast({x} as double) as hugeint) = {x} then cast({x} as double) end",
        Kind.NUMBER: "case when isfinite(cast({x} as double)) then cast(cast({x} as varchar) as double) end",
    },
    FieldType.BOOLEAN: {
        Kind.TEXT: f"case when lower({{x}}) in {_TRUE} then true when lower({{x}}) in {_FALSE} then false end",
        Kind.BOOLEAN: "{x}",
        Kind.INTEGER: "case {x} when 1 then true when 0 then false end",
        Kind.NUMBER: "case {x} when 1 then true when 0 then false end",
    },
    FieldType.DATE: {
        Kind.TEXT: f"case when regexp_full_match({{x}}, '{_DAY}') and try_cast({{x}} as date) {DATES}"
        " then try_cast({x} as date) end",
        Kind.DATE: f"case when {{x}} {DATES} then {{x}} end",
    },
    FieldType.DATETIME: {
        Kind.TEXT: f"case when regexp_full_match({{x}}, '{_DAY}[T ]{_CLOCK}{_ZONE}') and {INSTANT} {MOMENTS}"
        f" then {INSTANT} end",
        Kind.TIMESTAMP: f"case when {INSTANT} {MOMENTS} then {INSTANT} end",
        Kind.INSTANT: f"case when {INSTANT} {MOMENTS} then {INSTANT} end",
    },
    FieldType.TIME: {
        Kind.TEXT: f"case when regexp_full_match({{x}}, '{_CLOCK}Z?') then try_cast(rtrim({{x}}, 'Z') as time) end",
        Kind.TIME: "case when {x} < time '24:00:00' then {x} end",
    },
    FieldType.BINARY: {Kind.BINARY: "{x}"},
    FieldType.LIST: {},
    FieldType.JSON: {Kind.TEXT: "case when json_valid({x}) then {x} end"},
}
"""SQL for the value of a field, by its type and by the kind of the column; null for a cell without such a value."""


def _refusal(failed: str, shown: str, field: Field, expected: str) -> Check:
    message = f"{text(field.name + ' cannot be ')} || {_quote_value(shown)} || {text(': it takes ' + expected)}"
    return Check(failed, Code.BAD_VALUE, message)


def _limits(value: str, field: Field) -> list[Check]:
    """Return the checks of a converted value against the limits of the schema."""
    checks = []
    if field.length is not None and sql_type(field) == "varchar":
        ending = text(f" characters, {field.length} are allowed")
        message = f"{text(field.name + ' has ')} || length({value}) || {ending}"
        checks.append(Check(f"length({value}) > {field.length}", Code.TOO_LONG, message))
    if field.pattern:
        message = f"{_quote_value(value)} || {text(f' in {field.name} is not {field.pattern_name}')}"
        checks.append(Check(f"not regexp_full_match({value}, {text(field.pattern)})", Code.BAD_VALUE, message))
    if field.type is FieldType.INTEGER and field.precision is not None and field.precision < 19:
        message = f"{text(field.name + ' has more digits than ' + str(field.precision) + ': ')} || {value}"
        most = "9" * field.precision
        checks.append(Check(f"{value} not between -{most} and {most}", Code.BAD_VALUE, message))
    if field.type is FieldType.CHOICES:
        message = f"{text(field.name + ' takes at most ' + str(_MOST_CHOICES) + ' values, not ')} || {_count(value)}"
        checks.append(Check(f"{_count(value)} > {_MOST_CHOICES}", Code.TOO_LONG, message))
    if field.restricted:
        checks.append(_choice(value, field))
    return checks


def _choice(value: str, field: Field) -> Check:
    known = texts(field.values)
    several = field.type is FieldType.CHOICES
    given = f"string_split({value}, ';')" if several else f"[{value}]"
    wrong = f"list_filter({given}, lambda e: not list_contains({known}, e))"
    close = f"list_filter({known}, lambda e: lower(e) = lower(({wrong})[1]))[1]"
    listed = ", ".join(field.values[:10]) + (", ..." if len(field.values) > 10 else "")
    message = (
        f"{text(field.name + ' has no value ')} || {_quote_value(f'({wrong})[1]')} || "
        f"coalesce(', did you mean ' || {close} || '?', {text('; it has: ' + listed)})"
    )
    condition = f"len({wrong}) > 0" if several else f"not list_contains({known}, {value})"
    return Check(f"{value} is not null and {condition}", Code.NOT_A_CHOICE, message)


def _count(value: str) -> str:
    return f"len(string_split({value}, ';'))"


def _quote_value(value: str) -> str:
    """Return SQL that shows a value: cut, and in quotes."""
    return f"chr(39) || left(cast({value} as varchar), {_SHOWN}) || chr(39)"


def describe_type(field: Field) -> str:
    """Return in words what a field takes."""
    if field.type is FieldType.DECIMAL:
        return describe_decimal(field, Kind.NUMBER, rounds=False)
    words = {
        FieldType.INTEGER: "a whole number",
        FieldType.FLOAT: "a finite number that a 64-bit float holds",
        FieldType.BOOLEAN: f"true ({', '.join(_TRUE[1:])}) or false ({', '.join(_FALSE[1:])})",
        FieldType.DATE: "a date such as 2026-01-31",
        FieldType.DATETIME: "a date with a time such as 2026-01-31T23:59:59Z",
        FieldType.TIME: "a time such as 23:59:59",
        FieldType.BINARY: "binary data",
        FieldType.LIST: "a list of texts",
        FieldType.JSON: "JSON",
    }
    return words.get(field.type, "text")
