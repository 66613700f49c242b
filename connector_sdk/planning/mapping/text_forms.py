"""The text of values of each kind: what a text field gets from a column of another type."""

from __future__ import annotations

from collections.abc import Mapping

from connector_sdk.engines.exact_numbers import plain_number
from connector_sdk.planning.mapping.kinds import Kind

CAST = "cast({x} as varchar)"

DATES = "between date '0001-01-01' and date '9999-12-31'"
MOMENTS = "between timestamptz '0001-01-01 00:00:00Z' and timestamptz '9999-12-31 23:59:59.999999Z'"
"""The range of times that programming languages have. Values beyond it, such as infinity, exist only in DuckDB."""

INSTANT = "try_cast({x} as timestamptz)"

TEXT_FORMS: Mapping[Kind, str] = {
    Kind.TEXT: CAST,
    Kind.INTEGER: CAST,
    Kind.NUMBER: "case when isfinite(cast({x} as double)) then cast({x} as varchar) end",
    Kind.BOOLEAN: CAST,
    Kind.DATE: f"case when {{x}} {DATES} then cast({{x}} as varchar) end",
    Kind.TIME: "case when {x} < time '24:00:00' then cast({x} as varchar) end",
    Kind.TIMESTAMP: f"case when {INSTANT} {MOMENTS} then replace(cast({{x}} as varchar), ' ', 'T') || 'Z' end",
    Kind.INSTANT: f"case when {INSTANT} {MOMENTS}"
    " then replace(cast({x} at time zone 'UTC' as varchar), ' ', 'T') || 'Z' end",
}
"""SQL for the text of a value `x`, by its kind; null for a value without a text, such as infinity."""

ALWAYS = frozenset({Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN})
"""The kinds whose values all have a text."""


def float_text(value: str) -> str:
    """Return SQL for a floating-point number as text, in plain digits: `5`, and not `5.0` or `5e0`.

    A column of whole numbers becomes floating point as soon as one number is missing. Its text must stay the same.
    """
    return f"case when isfinite({value}) then {plain_number(f'cast({value} as varchar)')} end"
