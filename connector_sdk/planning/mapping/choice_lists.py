"""A list as the text that a field of several choices takes: joined by semicolons."""

from __future__ import annotations

from attrs import frozen

from connector_sdk.engines.exact_numbers import plain_number
from connector_sdk.engines.sql import json_as_text
from connector_sdk.planning.mapping.kinds import Kind, element_type, is_float, kind_of
from connector_sdk.planning.mapping.text_forms import ALWAYS, TEXT_FORMS, float_text


@frozen
class ChoiceList:
    """SQL for the joined text, and for the first element that cannot be part of it.

    `torn` is SQL for the first element that contains a semicolon, `unsayable` for the first that has no text. Each is
    None if no element can fail that way.
    """

    value: str
    torn: str | None
    unsayable: str | None


def can_be_joined(type_: str) -> bool:
    """Return whether a column is a list whose elements have a text."""
    return kind_of(type_) is Kind.LIST and kind_of(element_type(type_)) in TEXT_FORMS


def join_choices(source: str, type_: str) -> ChoiceList:
    """Return how a list becomes one text. Nulls in the list are dropped; an empty list becomes empty text."""
    kind = kind_of(element_type(type_))
    form = _text_of(element_type(type_), kind)
    texts = f"list_transform({source}, lambda e: {form})"
    torn = f"list_filter({texts}, lambda e: contains(e, ';'))[1]" if kind is Kind.TEXT else None
    unsayable = f"list_filter({source}, lambda e: e is not null and {form} is null)[1]"
    return ChoiceList(f"array_to_string({texts}, ';')", torn, None if kind in ALWAYS else unsayable)


def _text_of(type_: str, kind: Kind) -> str:
    """Return SQL for the text of an element `e`."""
    if type_ == "JSON":
        json = json_as_text("e")
        return f"coalesce({plain_number(json)}, {json})"
    return float_text("e") if is_float(type_) else TEXT_FORMS[kind].format(x="e")
