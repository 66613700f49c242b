"""The values of other fields that can be chosen only beside a value of this field.

REST API Developer Guide, "sObject Describe": `validFor` of a dependent value is a bitmap over the values of its
controlling field, in base64, the first value in the highest bit of the first byte.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from connector_salesforce import unreadable

from connector_salesforce_picklist.values import same
from connector_sdk import Executed

Described = Mapping[str, Any]


def dependents(described: Described, field: str) -> list[Described]:
    """Return the fields of an object whose values depend on `field`."""
    return [each for each in described["fields"] if same(each.get("controllerName") or "") == same(field)]


def find_dependent_values(described: Described, field: str, leaving: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each field with values that depend on a leaving value (API name) of `field`, and that value."""
    controlling = next((each for each in described["fields"] if same(each["name"]) == same(field)), None)
    places = {same(each["value"]): place for place, each in enumerate((controlling or {}).get("picklistValues") or ())}
    for dependent in dependents(described, field):
        for name in leaving:
            place = places.get(same(name))
            if place is not None and any(_valid(each, place) for each in dependent.get("picklistValues") or ()):
                yield dependent["name"], name


def _valid(value: Described, place: int) -> bool:
    """Return whether a value can be chosen beside the controlling value at `place`. Trailing bytes may be missing."""
    try:
        bits = base64.b64decode(value.get("validFor") or "")
    except ValueError:
        raise unreadable(f"validFor of the value {value['value']!r} is not base64", Executed.NO) from None
    return place >> 3 < len(bits) and bool(bits[place >> 3] & (0x80 >> (place & 7)))
