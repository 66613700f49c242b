"""A hash of what decides a field's values beside the rows: after it changes, every row counts as changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from connector_sdk.contract.project import FieldMapping
from connector_sdk.contract.schema import FieldType


def fingerprint(mapping: FieldMapping, found_by: Sequence[str], type_: FieldType | None) -> str:
    """Return the hash of a mapping to a field of a type; `found_by` are the fields that find a reference's record.

    Newer options count only if they are set, so that a mapping without them keeps the hash that it had.
    """
    find = mapping.find
    lookup = (*sorted(find.objects), *found_by, find.equals) if find else None
    parts = (mapping.column, mapping.value, lookup, mapping.null.value, mapping.truncate, type_ and type_.value)
    later = (*(("round",) if mapping.round else ()), *(sorted(find.conditions.items()) if find else ()))
    return hashlib.sha256(repr((*parts, *later)).encode()).hexdigest()[:16]
