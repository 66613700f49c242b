"""Write what a destination describes: its objects, and the fields of an object with what they do not allow."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from attrs import asdict

from connector_sdk.cli import terminal
from connector_sdk.cli.clean import one_line
from connector_sdk.cli.records import Format, Record, write_json, write_records
from connector_sdk.contract.schema import Field, ObjectInfo, ObjectSchema
from connector_sdk.contract.spec import Mode

_MATCHING = frozenset({Mode.UPSERT, Mode.UPDATE, Mode.ARCHIVE})

_LEAST_OF_OBJECTS = {"label": 12, "name": 24, "modes": 12}
_LEAST_OF_FIELDS = {"editable": 11, "matchable": 11, "label": 12, "type": 10, "why_not": 7, "field": 12}
"""The columns that become narrower where a table does not fit, with their smallest widths."""


def write_objects(format_: Format, objects: Iterable[ObjectInfo]) -> None:
    """Write the objects of a connection."""
    write_records(format_, ("name", "label", "modes"), map(asdict, objects), _LEAST_OF_OBJECTS)


def write_schema(format_: Format, schema: ObjectSchema) -> None:
    """Write the fields of an object. A table has numbers in place of the reasons, and each reason once below it."""
    if format_ is Format.JSON:
        write_json(schema)
    elif format_ is Format.CSV:
        columns = ("field", "label", "type", "editable", "matchable", "external_id", "why_not")
        write_records(format_, columns, (_field(each, schema) for each in schema.fields))
    else:
        _write_table(schema)
    matched = {mode for each in schema.fields for mode in _matchable(each, schema)}
    if format_ is not Format.JSON and schema.match_advice and not matched >= schema.modes & _MATCHING:
        terminal.say(_wrap(schema.match_advice))


def _write_table(schema: ObjectSchema) -> None:
    columns = ("field", "label", "type", "editable", "matchable", "why_not")
    numbers: dict[str, int] = {}
    write_records(Format.TABLE, columns, _shorten_fields(schema, numbers), _LEAST_OF_FIELDS)
    if numbers:
        terminal.text("")
    digits = len(str(len(numbers)))
    for reason, number in numbers.items():
        terminal.text(_wrap(reason, f"{number:>{digits}}  "))


def _shorten_fields(schema: ObjectSchema, numbers: dict[str, int]) -> Iterator[Record]:
    """Yield the fields with numbers in place of their reasons. Add each new reason to `numbers`."""
    for each in schema.fields:
        used = [str(numbers.setdefault(reason, len(numbers) + 1)) for reason in _reasons(each, schema)]
        yield {**_field(each, schema), "matchable": _shorten_match(each, schema), "why_not": ", ".join(used)}


def _shorten_match(field: Field, schema: ObjectSchema) -> str:
    """Return the modes that can match a field, or yes for all of them, and which kind of external id the field is."""
    modes = _matchable(field, schema)
    said = ["yes"] if modes and len(modes) == len(schema.modes & _MATCHING) else list(map(str, modes))
    kind = "recommended external id" if field.recommended else "external id" if field.external_id else ""
    return ", ".join([*said, kind] if kind else said)


def _wrap(text: str, begin: str = "") -> str:
    """Return a text behind `begin`, in lines that fit the terminal. Further lines are indented like the first."""
    indent = " " * len(begin)
    width = max(terminal.columns(), len(begin) + 1)
    wrapped = textwrap.wrap(
        one_line(text), width, initial_indent=begin, subsequent_indent=indent, break_on_hyphens=False
    )
    return "\n".join(wrapped)


def _field(field: Field, schema: ObjectSchema) -> Mapping[str, str]:
    return {
        "field": field.name,
        "label": field.label,
        "type": field.native_type or field.type.value,
        "editable": _editable(field),
        "matchable": ", ".join(_matchable(field, schema)),
        "external_id": "recommended" if field.recommended else "yes" if field.external_id else "",
        "why_not": "; ".join(_reasons(field, schema)),
    }


def _editable(field: Field) -> str:
    if field.creatable and field.updatable:
        return "yes"
    if field.creatable:
        return "on creation only"
    return "on update only" if field.updatable else "no"


def _matchable(field: Field, schema: ObjectSchema) -> list[Mode]:
    return [mode for mode in sorted(schema.modes & _MATCHING) if mode not in field.not_matchable]


def _reasons(field: Field, schema: ObjectSchema) -> list[str]:
    """Return why a field cannot be written or matched: each reason once, with the modes that it applies to."""
    found: dict[tuple[str, str], list[str]] = {}
    for what, reasons in (("write", field.not_writable), ("match", field.not_matchable)):
        for mode in sorted(schema.modes & set(reasons)):
            found.setdefault((what, reasons[mode]), []).append(mode.value)
    return [f"{what} in {', '.join(modes)}: {reason}" for (what, reason), modes in found.items()]
