"""The part of an org file about picklist values and the value sets that fields share."""

from __future__ import annotations

from typing import Any

from attrs import Factory, define

# Attributes of values in some standard value sets, spelled as in an org file and the Metadata API.
STANDARD_ATTRIBUTES = (
    *("allowEmail", "closed", "converted", "cssExposed", "forecastCategory", "groupingString", "highPriority"),
    *("probability", "reverseRole", "reviewed", "won"),
)


@define(frozen=True)
class PicklistValue:
    """One value of a picklist. Rows hold `value`.

    `validFor`: used if `valueSettings` are missing. `managed`: the value belongs to a package. `metadata`: further keys
    of its metadata. `allowEmail` to `won`: attributes of values in standard sets (Metadata API, "StandardValue").
    """

    value: str
    label: str = ""
    active: bool = True
    default_value: bool = False
    valid_for: str | None = None
    color: str | None = None
    description: str | None = None
    managed: bool = False
    allow_email: bool | None = None
    closed: bool | None = None
    converted: bool = False
    css_exposed: bool | None = None
    forecast_category: str | None = None
    grouping_string: str | None = None
    high_priority: bool | None = None
    probability: int | None = None
    reverse_role: str | None = None
    reviewed: bool | None = None
    won: bool | None = None
    metadata: dict[str, Any] = Factory(dict)


@define(frozen=True)
class GlobalValueSet:
    """Values that several fields share. `metadata` holds further keys of its metadata."""

    label: str = ""
    description: str | None = None
    sorted: bool = False
    values: tuple[PicklistValue, ...] = ()
    metadata: dict[str, Any] = Factory(dict)
