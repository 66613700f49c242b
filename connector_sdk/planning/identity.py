"""Which row is which: keys as canonical text, match values as the destination compares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector_sdk.engines.embedded import name, text
from connector_sdk.planning.conversions import Kind, kind_of
from connector_sdk.schema import Equality, Field

_BLANKS = "".join(each for each in map(chr, range(0x3001)) if each.isspace())


def key(columns: Sequence[str], types: Mapping[str, str]) -> str:
    """SQL for the primary key as text; null when a part of it is null or blank. Several columns become a JSON list."""
    parts = [_not_blank(canonical(name(each), types[each])) for each in columns]
    if len(parts) == 1:
        return parts[0]
    missing = " or ".join(f"{part} is null" for part in parts)
    return f"case when not ({missing}) then cast(to_json([{', '.join(parts)}]) as varchar) end"


def canonical(value: str, type_: str) -> str:
    """SQL for a value as text that does not depend on how its type spells it: 1, 1.0 and 1.00 are the same."""
    kind = kind_of(type_)
    if kind is Kind.NUMBER:
        return _plain_number(f"cast({value} as varchar)")
    return value if type_ == "VARCHAR" else f"cast({value} as varchar)"


def comparable(value: str, type_: str, field: Field) -> str:
    """SQL for a match value, equal for two values exactly when `field` takes them for one; null when it is blank."""
    trims = field.equality & {Equality.TRIMMED, Equality.CASELESS}
    result = (_trimmed if trims else _not_blank)(canonical(value, type_))
    if field.significant is not None:
        result = f"left({result}, {field.significant})"
    if Equality.NUMERIC in field.equality:
        result = f"nullif({_plain_number(result)}, '')"
    if Equality.CASELESS in field.equality:
        result = f"lower(upper({result}))"
    return result


def _trimmed(value: str) -> str:
    """SQL for a text without the blanks around it, null when nothing is left.

    Nearly all have none, and are not searched for rare ones.
    """
    plain = f"{_plain(value)} and {_plain(f'right({value}, 1)')}"
    return f"case when {plain} then {value} else nullif(trim({value}, {text(_BLANKS)}), '') end"


def _not_blank(value: str) -> str:
    """SQL for a text, null when there is nothing in it to see."""
    return f"case when {_plain(value)} or trim({value}, {text(_BLANKS)}) <> '' then {value} end"


def _plain(value: str) -> str:
    """SQL that is true when a text begins with a visible character of ASCII."""
    return f"ascii({value}) between 33 and 126"


def _plain_number(value: str) -> str:
    """SQL for a number as it is written shortest: no zeros around it, no plus, no minus before zero."""
    for pattern, kept in _SHORTER:
        value = f"regexp_replace({value}, '{pattern}', '{kept}')"
    return value


_SHORTER = (
    (r"(\.0*|(\.[0-9]*[1-9])0*)$", r"\2"),
    (r"^\+?(-?)\.", r"\10."),
    (r"^\+?(-?)0*([0-9])", r"\1\2"),
    (r"^-0$", "0"),
)
"""What is replaced in a number, one after the other."""
