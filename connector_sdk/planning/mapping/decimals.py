"""SQL for decimal fields: exact numbers, with more decimals than the field shows if it stores them, or rounded.

Nothing is calculated in floating point. The value of a float is its shortest text, and that text is read.
"""

from __future__ import annotations

from attrs import frozen

from connector_sdk.contract.schema import Field
from connector_sdk.planning.mapping.kinds import Kind, is_float, kind_of

_DIGITS = 38
"""The number of digits of DuckDB's widest decimal."""

_NUMBER = "[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)"


@frozen
class DecimalReading:
    """SQL for the value of a decimal field, and SQL that is true for a cell that has none; None if all have one."""

    value: str
    refused: str | None


def decimal_type(field: Field) -> str:
    """Return the type in DuckDB of a field's values as the field shows them."""
    return f"decimal({field.precision or _DIGITS}, {field.scale or 0})"


def read_decimal(source: str, type_: str, field: Field, *, rounds: bool) -> DecimalReading:
    """Return how a column of numbers or text is read for a decimal field.

    With `rounds`, decimals that the field does not show are rounded half up, away from zero.
    """
    kind, wanted = kind_of(type_), decimal_type(field)
    if type_.lower().replace(",", ", ") == wanted:
        return DecimalReading(source, None)
    if rounds:
        return _read_or_refuse(source, _round_half_up(source, type_, wanted))
    if field.stores_more_decimals and kind is Kind.NUMBER:
        return DecimalReading(source, _exceeds(source, type_, _whole_digits(field)))
    if kind is Kind.TEXT:
        scale = _text_scale(field)
        return _read_or_refuse(source, _read_text(source, f"decimal({_precision(field)}, {scale})", scale))
    if kind is Kind.INTEGER:
        return _read_or_refuse(source, f"try_cast({source} as {wanted})")
    read = f"try_cast(cast({source} as varchar) as {wanted})"
    return _read_or_refuse(source, f"case when try_cast({read} as {type_}) = {source} then {read} end")


def describe_decimal(field: Field, kind: Kind, *, rounds: bool) -> str:
    """Return in words which numbers of a kind a decimal field takes."""
    words = f"a number with at most {_whole_digits(field)} digits before the point"
    if rounds or (field.stores_more_decimals and kind is not Kind.TEXT):
        return words
    return f"{words} and {_text_scale(field)} after it"


def has_more_decimals(value: str, type_: str, field: Field) -> str | None:
    """Return SQL that is true for a number with more decimals than the field shows; None if no number has more."""
    scale = field.scale or 0
    if is_float(type_):
        # Rounding the float is quick and finds every number with more decimals; `shown` rules out the others.
        shown = f"try_cast(try_cast(cast({value} as varchar) as decimal({_DIGITS}, {scale})) as {type_})"
        return f"{value} <> round({value}, {scale}) and {shown} is distinct from {value}"
    if not type_.startswith("DECIMAL") or _scale_of(type_) <= scale:
        return None
    if not scale and _scale_of(type_) == _DIGITS:  # the type has no digit before the point
        return f"{value} <> 0"
    return f"{value} % cast('{_unit(scale)}' as decimal({_DIGITS}, {_scale_of(type_)})) <> 0"


def _read_or_refuse(source: str, value: str) -> DecimalReading:
    return DecimalReading(value, f"{source} is not null and {value} is null")


def _round_half_up(source: str, type_: str, wanted: str) -> str:
    """Return SQL that rounds half up: DuckDB does so when it casts text or a decimal, digit by digit."""
    if kind_of(type_) is Kind.TEXT:
        return f"case when regexp_full_match({source}, '{_NUMBER}') then try_cast({source} as {wanted}) end"
    digits = f"cast({source} as varchar)" if is_float(type_) else source
    return f"try_cast({digits} as {wanted})"


def _read_text(source: str, wanted: str, scale: int) -> str:
    decimals = f"length(rtrim(regexp_extract({source}, '\\.([0-9]*)$', 1), '0'))"
    fits = f"regexp_full_match({source}, '{_NUMBER}') and {decimals} <= {scale}"
    return f"case when {fits} then try_cast({source} as {wanted}) end"


def _exceeds(source: str, type_: str, digits: int) -> str | None:
    """Return SQL that is true for infinity, NaN and numbers with more than `digits` digits before the point."""
    if is_float(type_):
        return f"not isfinite({source}) or abs({source}) >= cast('1e{digits}' as {type_})"
    given = _precision_of(type_) - _scale_of(type_)
    return f"abs({source}) >= cast('1{'0' * digits}' as {type_})" if given > digits else None


def _whole_digits(field: Field) -> int:
    """Return the number of digits that a field has before the point."""
    return (field.precision or _DIGITS) - (field.scale or 0)


def _precision(field: Field) -> int:
    return _DIGITS if field.stores_more_decimals else field.precision or _DIGITS


def _text_scale(field: Field) -> int:
    """Return the number of decimals with which text is read."""
    return _precision(field) - _whole_digits(field)


def _unit(scale: int) -> str:
    """Return the smallest number that has `scale` decimals."""
    return f"0.{'0' * (scale - 1)}1" if scale else "1"


def _precision_of(type_: str) -> int:
    return int(type_[len("DECIMAL(") :].split(",")[0])


def _scale_of(type_: str) -> int:
    return int(type_.rstrip(")").split(",")[1])
