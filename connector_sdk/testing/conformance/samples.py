"""Sample rows, made up from the schema of an object."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from attrs import field, frozen

from connector_sdk import Column, Field, FieldType, Mode, ObjectSchema, OnNull
from connector_sdk.testing.arrow import arrow_type

Value = Callable[[Field, int], Any]
Row = dict[str, Any]

AWKWARD = (
    "quotes \" and '",
    "commas, semicolons; tabs\t.",
    "two\nlines",
    "carriage\r\nreturn",
    "back\\slash and {braces} and %s",
    "<b>&amp;</b>",
    "Zażółć gęślą jaźń",
    "日本語, العربية",
    "😀👩‍👩‍👧",
    "e\u0301 is not \u00e9",
    "=1+1",
    "null",
    "#N/A",
    "'; drop table people; --",
    '{"size":[1,2.50,null],"name":"x;y"}',
    "0123",
    "1e5",
    "true",
)
"""Texts that a parser on the way may misread."""


_BASES = itertools.count(secrets.randbelow(10**6))
"""Start numbers of samples: random in each session, and never repeated within one."""


@frozen
class Samples:
    """The maker of sample rows. Values of unique fields differ in each run, since destinations keep old records."""

    value: Value
    _token: str = field(factory=lambda: secrets.token_hex(3))
    _base: int = field(factory=lambda: next(_BASES) % 10**6 * 100)

    def fields(self, schema: ObjectSchema, mode: Mode, match_field: str | None) -> tuple[Field, ...]:
        """Return the fields to write in a mode: those that the mode can write and that have a sample.

        The match field is always among them, even if the mode cannot write it.
        """
        usable = (each for each in schema.fields if mode not in each.not_writable and _writable(each, mode))
        chosen = [each for each in usable if each.name == match_field or self._has_sample(each)]
        match = [each for each in schema.fields if each.name == match_field and each not in chosen]
        return (*match, *chosen)

    def rows(self, fields: Sequence[Field], count: int, start: int = 0) -> list[Row]:
        """Return `count` rows, beginning with row number `start`."""
        return [{each.name: self.of(each, number) for each in fields} for number in range(start, start + count)]

    def of(self, each: Field, number: int) -> Any:
        """Return the sample of a field for row `number`."""
        own = self.value(each, number)
        return self.make_value(each, number) if own is None else own

    def make_value(self, each: Field, number: int) -> Any:
        """Return a value that the schema allows, or None if the schema does not say enough."""
        match each.type:
            case FieldType.TEXT:
                return None if each.pattern else f"k{self._token}{number}"[-(each.length or 80) :]
            case FieldType.INTEGER:
                return self._base + number if each.unique else number + 1
            case FieldType.DECIMAL:
                return Decimal(number + 1).scaleb(-(each.scale or 0) - (2 if each.stores_more_decimals else 0))
            case FieldType.FLOAT:
                return number + 0.5
            case FieldType.BOOLEAN:
                return number % 2 == 0
            case FieldType.DATE:
                return date(2024, 2, 28 - number % 28)
            case FieldType.DATETIME:
                return datetime(2024, 2, 29, 12, number % 60, tzinfo=UTC)
            case FieldType.TIME:
                return time(6, number % 60)
            case FieldType.CHOICE:
                return each.values[number % len(each.values)] if each.values else None
            case FieldType.CHOICES:
                chosen = (each.values * 2)[number % (len(each.values) or 1) :][:2]
                return ";".join(sorted(set(chosen))) or None
            case FieldType.LIST:
                return [f"a{number}", f"b{number}"]
            case FieldType.JSON:
                return f'{{"n":{number}}}'
        return None

    def _has_sample(self, each: Field) -> bool:
        if self.of(each, 0) is not None:
            return True
        if each.required:
            pytest.fail(f"say what goes into {each.name}: let value(field, number) answer a sample for it")
        return False


def _writable(each: Field, mode: Mode) -> bool:
    if mode is Mode.INSERT:
        return each.creatable
    return each.updatable and (each.creatable or mode is Mode.UPDATE)


def table(fields: Sequence[Field], rows: Sequence[Row]) -> pa.Table:
    """Return rows as the Arrow table of a batch."""
    arrays = [pa.array([row[each.name] for row in rows], arrow_type(each)) for each in fields]
    return pa.table(arrays, names=[each.name for each in fields])


def columns(fields: Sequence[Field], on_null: OnNull = OnNull.CLEAR) -> tuple[Column, ...]:
    """Return the columns of such a table."""
    return tuple(Column(each.name, on_null) for each in fields)
