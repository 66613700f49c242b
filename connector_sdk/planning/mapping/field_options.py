"""Options of a mapping that make no sense for the type of its field."""

from __future__ import annotations

from collections.abc import Iterator

from connector_sdk.contract.project import FieldMapping
from connector_sdk.contract.schema import Field, FieldType


def find_misplaced_options(mapping: FieldMapping, known: Field, *, is_match: bool) -> Iterator[tuple[str, str]]:
    """Yield the options of a mapping that make no sense, each with the reason.

    `is_match`: records are found by the field.
    """
    if mapping.truncate and known.type is not FieldType.TEXT:
        yield "truncate", f"{mapping.field} is not text that could be cut"
    if mapping.round and known.type is not FieldType.DECIMAL:
        yield "round", f"{mapping.field} has no decimals that could be rounded"
    elif mapping.round and is_match:
        yield "round", f"{mapping.field} is what records are found by, which is not rounded"
