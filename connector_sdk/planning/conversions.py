"""How a value of the model becomes a value of a field: the SQL that converts it, and what keeps a value out.

Text is read strictly, by the field's own format and row by row. Decimals never pass through floating point. A column
whose type can never fit is one problem of the mapping, not of each of its rows.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from connector_sdk.codes import Code
from connector_sdk.engines.embedded import as_set, text, texts
from connector_sdk.schema import Field, FieldType

_MOST_CHOICES = 100
_SHOWN = 60
"""How many characters of a refused value its message shows."""


class Kind(Enum):
    """The kinds of column a model has, by what can become of them."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    INSTANT = "timestamp with time zone"
    TIME = "time"
    BINARY = "binary"
    OTHER = "nested"


@frozen
class Check:
    """What keeps a row out: SQL that is true when it does, and SQL for the message. `code` is that of the ledger."""

    failed: str
    code: Code
    message: str


@frozen
class Conversion:
    """SQL for the value of a field, and the checks of it, in the order in which they are told."""

    value: str
    checks: tuple[Check, ...]


class MisfitError(Exception):
    """A column of this type can never become a value of the field; `cast` shows what to write in the model."""

    def __init__(self, message: str, cast: str) -> None:
        super().__init__(message)
        self.cast = cast


_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_KINDS = {
    "VARCHAR": Kind.TEXT, "UUID": Kind.TEXT, "JSON": Kind.TEXT, '"NULL"': Kind.TEXT,
    "FLOAT": Kind.NUMBER, "DOUBLE": Kind.NUMBER, "BOOLEAN": Kind.BOOLEAN, "DATE": Kind.DATE, "TIME": Kind.TIME,
    "TIMESTAMP WITH TIME ZONE": Kind.INSTANT, "TIMESTAMPTZ_NS": Kind.INSTANT, "BLOB": Kind.BINARY,
}  # fmt: skip


def kind_of(type_: str) -> Kind:
    """The kind of a column by its type in DuckDB."""
    if type_ in _KINDS:
        return _KINDS[type_]
    if type_ in _INTEGERS:
        return Kind.INTEGER
    if type_.endswith("]") or type_.startswith(("STRUCT", "MAP", "UNION")):
        return Kind.OTHER
    for start, kind in (("DECIMAL", Kind.NUMBER), ("TIMESTAMP", Kind.TIMESTAMP), ("ENUM", Kind.TEXT)):
        if type_.startswith(start):
            return kind
    return Kind.OTHER


def sql_type(field: Field) -> str:
    """The type in DuckDB in which a field's values are kept."""
    if field.type is FieldType.DECIMAL:
        return f"decimal({field.precision or 38}, {field.scale or 0})"
    return _TYPES.get(field.type, "varchar")


_TYPES = {
    FieldType.INTEGER: "bigint",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
    FieldType.DATETIME: "timestamptz",
    FieldType.TIME: "time",
    FieldType.BINARY: "blob",
}


def convert(source: str, type_: str, field: Field, *, truncate: bool = False) -> Conversion:
    """Convert `source`, SQL of type `type_`, into a value of `field`. Raises `MisfitError` when none can ever fit."""
    kind = kind_of(type_)
    value = _value(source, kind, field, type_)
    checks = [] if value == source else [_unfit(source, value, field)]
    if field.length is not None and truncate and field.type is FieldType.TEXT:
        value = f"left({value}, {field.length})"
    if field.type is FieldType.CHOICES:
        value = as_set(value)
    return Conversion(value, (*checks, *_limits(value, field)))


def _value(source: str, kind: Kind, field: Field, type_: str) -> str:
    convertible = _CONVERSIONS.get(field.type, _TO_TEXT)
    if kind not in convertible:
        wanted = sql_type(field)
        message = f"a column of type {type_.lower()} can never go into {field.name}, which takes {_expected(field)}"
        raise MisfitError(message, wanted)
    form = convertible[kind]
    exact = kind is Kind.INTEGER and type_ == "BIGINT" and field.type is FieldType.INTEGER
    same = kind is Kind.NUMBER and type_.lower().replace(",", ", ") == sql_type(field)
    plain = kind is Kind.TEXT and type_ in ("VARCHAR", "JSON") and form == _CAST
    if exact or same or plain:
        return source
    return form.format(x=source, type=sql_type(field), scale=field.scale or 0, given=type_)


_CAST = "cast({x} as varchar)"
_DAY = "[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{{1,9}})?)?"
_ZONE = "(Z|[+-](0[0-9]|1[0-5])(:[0-5][0-9])?)?"

_DATES = "between date '0001-01-01' and date '9999-12-31'"
_MOMENTS = "between timestamptz '0001-01-01 00:00:00Z' and timestamptz '9999-12-31 23:59:59.999999Z'"
"""What calendars of programs have; what lies beyond, infinity too, is a value of DuckDB alone."""
_INSTANT = "try_cast({x} as timestamptz)"

_TO_TEXT = {
    Kind.TEXT: _CAST,
    Kind.INTEGER: _CAST,
    Kind.NUMBER: "case when isfinite(cast({x} as double)) then cast({x} as varchar) end",
    Kind.BOOLEAN: _CAST,
    Kind.DATE: f"case when {{x}} {_DATES} then cast({{x}} as varchar) end",
    Kind.TIME: "case when {x} < time '24:00:00' then cast({x} as varchar) end",
    Kind.TIMESTAMP: f"case when {_INSTANT} {_MOMENTS} then replace(cast({{x}} as varchar), ' ', 'T') || 'Z' end",
    Kind.INSTANT: f"case when {_INSTANT} {_MOMENTS}"
    " then replace(cast({x} at time zone 'UTC' as varchar), ' ', 'T') || 'Z' end",
}
_CONVERSIONS: dict[FieldType, dict[Kind, str]] = {
    FieldType.INTEGER: {
        Kind.TEXT: "case when regexp_full_match({x}, '[+-]?[0-9]+') then try_cast({x} as bigint) end",
        Kind.INTEGER: "try_cast({x} as bigint)",
        Kind.NUMBER: "case when {x} = trunc({x}) then try_cast({x} as bigint) end",
    },
    FieldType.DECIMAL: {
        Kind.TEXT: "case when regexp_full_match({x}, '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)')"
        " and length(rtrim(regexp_extract({x}, '\\.([0-9]*)$', 1), '0')) <= {scale} then try_cast({x} as {type}) end",
        Kind.INTEGER: "try_cast({x} as {type})",
        Kind.NUMBER: "case when try_cast(try_cast(cast({x} as varchar) as {type}) as {given}) = {x}"
        " then try_cast(cast({x} as varchar) as {type}) end",
    },
    FieldType.BOOLEAN: {
        Kind.TEXT: "case lower({x}) when 'true' then true when 'false' then false end",
        Kind.BOOLEAN: "{x}",
        Kind.INTEGER: "case {x} when 1 then true when 0 then false end",
    },
    FieldType.DATE: {
        Kind.TEXT: f"case when regexp_full_match({{x}}, '{_DAY}') and try_cast({{x}} as date) {_DATES}"
        " then try_cast({x} as date) end",
        Kind.DATE: f"case when {{x}} {_DATES} then {{x}} end",
    },
    FieldType.DATETIME: {
        Kind.TEXT: f"case when regexp_full_match({{x}}, '{_DAY}[T ]{_CLOCK}{_ZONE}') and {_INSTANT} {_MOMENTS}"
        f" then {_INSTANT} end",
        Kind.TIMESTAMP: f"case when {_INSTANT} {_MOMENTS} then {_INSTANT} end",
        Kind.INSTANT: f"case when {_INSTANT} {_MOMENTS} then {_INSTANT} end",
    },
    FieldType.TIME: {
        Kind.TEXT: f"case when regexp_full_match({{x}}, '{_CLOCK}Z?') then try_cast(rtrim({{x}}, 'Z') as time) end",
        Kind.TIME: "case when {x} < time '24:00:00' then {x} end",
    },
    FieldType.BINARY: {Kind.BINARY: "{x}"},
}


def _unfit(source: str, value: str, field: Field) -> Check:
    message = f"{text(field.name + ' cannot be ')} || {_shown(source)} || {text(': it takes ' + _expected(field))}"
    return Check(f"{source} is not null and {value} is null", Code.BAD_VALUE, message)


def _limits(value: str, field: Field) -> list[Check]:
    """The checks of a converted value against what the schema says."""
    checks = []
    if field.length is not None and field.type not in _CONVERSIONS:
        ending = text(f" characters, {field.length} are allowed")
        message = f"{text(field.name + ' has ')} || length({value}) || {ending}"
        checks.append(Check(f"length({value}) > {field.length}", Code.TOO_LONG, message))
    if field.pattern:
        message = f"{_shown(value)} || {text(f' in {field.name} is not {field.pattern_name}')}"
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
        f"{text(field.name + ' has no value ')} || {_shown(f'({wrong})[1]')} || "
        f"coalesce(', did you mean ' || {close} || '?', {text('; it has: ' + listed)})"
    )
    condition = f"len({wrong}) > 0" if several else f"not list_contains({known}, {value})"
    return Check(f"{value} is not null and {condition}", Code.NOT_A_CHOICE, message)


def _count(value: str) -> str:
    return f"len(string_split({value}, ';'))"


def _shown(value: str) -> str:
    """SQL that shows a value: cut, and in quotes."""
    return f"chr(39) || left(cast({value} as varchar), {_SHOWN}) || chr(39)"


def _expected(field: Field) -> str:
    """What a field takes, in words."""
    digits = (field.precision or 38) - (field.scale or 0)
    words = {
        FieldType.INTEGER: "a whole number",
        FieldType.DECIMAL: f"a number with at most {digits} digits before the point and {field.scale or 0} after it",
        FieldType.BOOLEAN: "true or false",
        FieldType.DATE: "a date such as 2026-01-31",
        FieldType.DATETIME: "a date with a time such as 2026-01-31T23:59:59Z",
        FieldType.TIME: "a time such as 23:59:59",
        FieldType.BINARY: "binary data",
    }
    return words.get(field.type, "text")
