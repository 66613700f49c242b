"""A list as a list of texts, and as the text that a field of several choices takes: joined by semicolons."""

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


@frozen
class TextList:
    """SQL for a list of texts, and for the first element that has no text; None if every element has one."""

    value: str
    unsayable: str | None


def can_be_joined(type_: str) -> bool:
    """Return whether a column is a list whose elements have a text."""
    return kind_of(type_) is Kind.LIST and kind_of(element_type(type_)) in TEXT_FORMS


def join_choices(source: str, type_: str) -> ChoiceList:
    """Return how a list becomes one text. Nulls in the list are dropped; an empty list becomes empty text."""
    listed = list_texts(source, type_)
    is_text = kind_of(element_type(type_)) is Kind.TEXT
    torn = f"list_filter({listed.value}, lambda e: contains(e, ';'))[1]" if is_text else None
    return ChoiceList(f"array_to_string({listed.value}, ';')", torn, listed.unsayable)


def list_texts(source: str, type_: str) -> TextList:
    """Return the texts of the elements of a list, in their order. A null in the list stays one."""
    kind = kind_of(element_type(type_))
    form = _text_of(element_type(type_), kind)
    unsayable = f"list_filter({source}, lambda e: e is not null and {form} is null)[1]"
    return TextList(f"list_transform({source}, lambda e: {form})", None if kind in ALWAYS else unsayable)


def _text_of(type_: str, kind: Kind) -> str:
    """Return SQL for the text of an element `e`."""
    if type_ == "JSON":
        json = json_as_text("e")
        return f"coalesce({plain_number(json)}, {json})"
    return float_text("e") if is_float(type_) else TEXT_FORMS[kind].format(x="e")
