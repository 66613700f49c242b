"""Read field values from clients: check them and convert them to the form in which rows hold them.

Object Reference, "Primitive Data Types" and "Field Types". Rows hold datetimes as `2024-02-29T10:15:30.000+0000`, dates
and times as text, numbers as int or float, and ids with 18 characters. JSON responses thus need no conversion.
Numbers keep the decimals beyond the scale of their field (Salesforce Help, articles 000387302 and 000212661).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from salesforce_emulator.errors import RowRefused
from salesforce_emulator.ids import read_id
from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.portable import Portable

Reader = Callable[[Any], Value]

_EMAIL = re.compile(r"[^\s@,;<>()\[\]\"]+@[^\s@,;<>()\[\]\"]+\.[^\s@,;<>()\[\]\".]+\Z")
_WHOLE = re.compile(r"[+-]?[0-9]+\Z")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,3})?Z?\Z")
_UTC_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.000)?(Z|\+0000|\+00:00)\Z")
_MOST_CHOSEN = 100
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_XSD = {"int": "int", "long": "long", "boolean": "boolean", "date": "date", "datetime": "dateTime", "time": "time"}
_XSD["base64"] = "base64Binary"


class WrongType(Portable, ValueError):
    """A text that is not a value of the field's type. Each API formats this error in its own way."""

    def __init__(self, field: Field, raw: object) -> None:
        super().__init__(f"{raw!r} is no {field.type}")
        self.raw = raw
        self.type = _XSD.get(field.type, "double" if field.precision else "string")


def reader(field: Field) -> Reader:
    """Return the function that reads one field's values. It raises WrongType or RowRefused."""
    return _READERS.get(field.type, _text_reader)(field)


def _make_refusal(field: Field, code: str, message: str) -> RowRefused:
    return RowRefused(code, f"{field.label}: {message}", [field.name])


def _as_text(field: Field, raw: Any) -> str:
    if not isinstance(raw, str):
        raise WrongType(field, raw)
    return raw.strip()


def _text_reader(field: Field) -> Reader:
    limit = field.length

    def read(raw: Any) -> Value:
        text = _as_text(field, raw)
        if len(text) > limit:
            raise _make_refusal(field, "STRING_TOO_LONG", f"data value too large: {text} (max length={limit})")
        return text or None

    return read


def _email_reader(field: Field) -> Reader:
    read_text = _text_reader(field)

    def read(raw: Any) -> Value:
        value = read_text(raw)
        if isinstance(value, str) and not _EMAIL.match(value):
            raise _make_refusal(field, "INVALID_EMAIL_ADDRESS", f"invalid email address: {value}")
        return value.lower() if isinstance(value, str) else None

    return read


def _picklist_reader(field: Field) -> Reader:
    read_text = _text_reader(field)
    allowed = {value.value for value in field.picklist_values if value.active}

    def read(raw: Any) -> Value:
        value = read_text(raw)
        if value is not None and field.restricted_picklist and value not in allowed:
            raise _bad_choice(field, value)
        return value

    return read


def _bad_choice(field: Field, value: Value) -> RowRefused:
    code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    return _make_refusal(field, code, f"bad value for restricted picklist field: {value}")


def _multipicklist_reader(field: Field) -> Reader:
    read_text = _text_reader(field)
    order = {value.value: at for at, value in enumerate(field.picklist_values) if value.active}

    def read(raw: Any) -> Value:
        value = read_text(raw)
        chosen = [part.strip() for part in value.split(";")] if isinstance(value, str) else []
        if len(chosen) > _MOST_CHOSEN:
            raise _make_refusal(field, "TOO_MANY_ENUM_VALUE", f"more than {_MOST_CHOSEN} values: {len(chosen)}")
        for part in chosen:
            if field.restricted_picklist and part not in order:
                raise _bad_choice(field, part)
        return ";".join(sorted(dict.fromkeys(chosen), key=lambda part: order.get(part, len(order)))) or None

    return read


def _boolean_reader(field: Field) -> Reader:
    def read(raw: Any) -> Value:
        if isinstance(raw, bool):
            return raw
        if not isinstance(raw, str) or raw.strip().lower() not in _BOOLEANS:
            raise WrongType(field, raw)
        return _BOOLEANS[raw.strip().lower()]

    return read


def _whole_reader(field: Field) -> Reader:
    limit = 10 ** (field.digits or 8)

    def read(raw: Any) -> Value:
        text = raw.strip() if isinstance(raw, str) else str(raw)
        if isinstance(raw, bool) or not _WHOLE.match(text):
            raise WrongType(field, raw)
        number = int(text)
        if abs(number) >= limit:
            raise _out_of_range(field, text)
        return number

    return read


def _out_of_range(field: Field, text: str) -> RowRefused:
    return _make_refusal(field, "NUMBER_OUTSIDE_VALID_RANGE", f"value outside of valid range on numeric field: {text}")


def _number_reader(field: Field) -> Reader:
    limit = 10 ** (field.precision - field.scale)

    def read(raw: Any) -> Value:
        text = raw.strip() if isinstance(raw, str) else str(raw)
        if isinstance(raw, bool) or not _NUMBER.match(text):
            raise WrongType(field, raw)
        number = float(text)
        # Digits beyond the scale are kept. float() may round a number up to the limit; the exact decimal decides.
        if abs(number) >= limit and abs(Decimal(text)) >= limit:
            raise _out_of_range(field, text)
        return number

    return read


def _date_reader(field: Field) -> Reader:
    def read(raw: Any) -> Value:
        text = _as_text(field, raw)
        try:
            if len(text) != 10:
                raise ValueError(text)
            day = date.fromisoformat(text)
        except ValueError as error:
            raise WrongType(field, raw) from error
        _check_year(field, day.year, text)
        return text

    return read


def _check_year(field: Field, year: int, text: str) -> None:
    if not 1700 <= year <= 4000:
        raise _make_refusal(field, "DATE_OUT_OF_RANGE", f"invalid date: {text}")


def _datetime(field: Field) -> Reader:
    def read(raw: Any) -> Value:
        text = _as_text(field, raw)
        try:
            if len(text) < 16 or text[10] != "T":
                raise ValueError(text)
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise WrongType(field, raw) from error
        _check_year(field, moment.year, text)
        plain = _UTC_TIME.match(text)
        return f"{plain[1]}.000+0000" if plain else _in_utc(moment)

    return read


def _in_utc(moment: datetime) -> str:
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}+0000"


def _time(field: Field) -> Reader:
    def read(raw: Any) -> Value:
        text = _as_text(field, raw)
        if not _TIME.match(text):
            raise WrongType(field, raw)
        clock, _, fraction = text.removesuffix("Z").partition(".")
        return f"{clock}.{fraction:0<3}Z"

    return read


def _base64(field: Field) -> Reader:
    def read(raw: Any) -> Value:
        text = _as_text(field, raw)
        try:
            base64.b64decode(text, validate=True)
        except ValueError as error:
            raise WrongType(field, raw) from error
        return text or None

    return read


def _reference(field: Field) -> Reader:
    def read(raw: Any) -> Value:
        text = _as_text(field, raw)
        record_id = read_id(text)
        if text and record_id is None:
            raise _make_refusal(field, "MALFORMED_ID", f"id value of incorrect type: {text}")
        return record_id

    return read


def _compound(field: Field) -> Reader:
    # The engine refuses the field as read-only, whatever its value.
    return lambda raw: None


_READERS: dict[str, Callable[[Field], Reader]] = {
    "email": _email_reader,
    "picklist": _picklist_reader,
    "multipicklist": _multipicklist_reader,
    "address": _compound,
    "location": _compound,
    "base64": _base64,
    "boolean": _boolean_reader,
    "int": _whole_reader,
    "long": _whole_reader,
    "double": _number_reader,
    "currency": _number_reader,
    "percent": _number_reader,
    "date": _date_reader,
    "datetime": _datetime,
    "time": _time,
    "id": _reference,
    "reference": _reference,
}
