"""Which row is which: keys as canonical text, match values as the destination compares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector_sdk.engines.embedded import name
from connector_sdk.planning.conversions import Kind, kind_of
from connector_sdk.schema import Equality, Field


def key(columns: Sequence[str], types: Mapping[str, str]) -> str:
    """SQL for the primary key as text; null when a part of it is null. Several columns become a JSON list."""
    parts = [canonical(name(each), types[each]) for each in columns]
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
    result = canonical(value, type_)
    if field.equality & {Equality.TRIMMED, Equality.CASELESS}:
        result = f"trim({result})"
    if Equality.NUMERIC in field.equality:
        result = _plain_number(result)
    if Equality.CASELESS in field.equality:
        result = f"lower({result})"
    return f"nullif({result}, '')"


def _plain_number(value: str) -> str:
    trimmed = f"regexp_replace(regexp_replace({value}, '(\\.[0-9]*?)0+$', '\\1'), '\\.$', '')"
    return f"ltrim({trimmed}, '+')"
