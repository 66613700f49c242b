"""`/composite/tree/OBJECT`: records that are created together with their children.

REST API Developer Guide, "sObject Tree".
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from starlette.responses import Response

from salesforce_emulator.call import Call
from salesforce_emulator.dml.model import RowInput, RowResult, Write
from salesforce_emulator.dml.undoing import undo
from salesforce_emulator.errors import NO_TYPE, ApiError, RowFault
from salesforce_emulator.portable import Portable
from salesforce_emulator.rest.resources import schema_of
from salesforce_emulator.schema import Schema

_MOST = 200
_MOST_TYPES = 5
_DEEPEST = 5


class _Refused(Portable, Exception):
    """A tree that is refused before its first insert, because of one record."""

    def __init__(self, name: str, fault: RowFault) -> None:
        super().__init__(fault.message)
        self.problem = _problem(name, (fault,))


@frozen
class _Node:
    """One record of a tree. `children` are pairs of the reference field and the child record."""

    name: str
    schema: Schema
    fields: dict[str, Any]
    children: tuple[tuple[str, _Node], ...] = ()

    def every(self) -> list[_Node]:
        """Return the record and all records below it."""
        return [self, *(node for _, child in self.children for node in child.every())]


def create(call: Call) -> Response:
    """POST /composite/tree/OBJECT: 201 with an id per record, or 400 with the errors and no record created."""
    try:
        roots = [_node(call, schema_of(call), record, 1) for record in _records(call.json())]
        _check([node for root in roots for node in root.every()])
    except _Refused as refused:
        return _answer_problems(call, [refused.problem])
    ids: dict[str, str] = {}
    problems: list[dict[str, Any]] = []
    with call.world.engine.undoable() as journal:
        for root in roots:
            _create(call, root, {}, ids, problems)
        if problems:
            undo(journal)
    if problems:
        return _answer_problems(call, problems)
    made = [{"referenceId": name, "id": record_id} for name, record_id in ids.items()]
    return call.answer({"hasErrors": False, "results": made}, 201)


def _answer_problems(call: Call, problems: list[dict[str, Any]]) -> Response:
    return call.answer({"hasErrors": True, "results": problems}, 400)


def _problem(name: str, faults: tuple[RowFault, ...]) -> dict[str, Any]:
    return {"referenceId": name, "errors": [fault.in_collection() for fault in faults]}


def _create(
    call: Call, node: _Node, parent: dict[str, str], ids: dict[str, str], problems: list[dict[str, Any]]
) -> None:
    row = call.json_rows.read(node.schema, {**node.fields, **parent}, call.body.decode(errors="replace"))
    result = _insert_row(call, node.schema, row)
    if not result.success:
        problems.append(_problem(node.name, result.faults))
        return
    ids[node.name] = str(result.record_id)
    for reference, child in node.children:
        _create(call, child, {reference: str(result.record_id)}, ids, problems)


def _insert_row(call: Call, schema: Schema, row: RowInput) -> RowResult:
    write = Write(schema, "insert", [row], origin=call.origin, terms=call.terms)
    return call.world.execute(write, call.session.user_id)[0]


def _records(body: Any) -> list[Any]:
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list):
        raise ApiError(400, "JSON_PARSER_ERROR", "The body must hold a list of records")
    if not records:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "At least 1 record is required")
    return records


def _node(call: Call, schema: Schema, record: Any, depth: int) -> _Node:
    described = record.get("attributes") if isinstance(record, dict) else None
    named = described.get("type") if isinstance(described, dict) else None
    name = described.get("referenceId") if isinstance(described, dict) else None
    if not isinstance(named, str) or not isinstance(name, str):
        raise ApiError(400, "INVALID_INPUT", "A record needs attributes with type and referenceId")
    if call.schemas.find(named) is not schema:
        raise _Refused(name, RowFault("INVALID_TYPE", NO_TYPE.format(named)))
    if depth > _DEEPEST:
        raise _Refused(name, RowFault("LIMIT_EXCEEDED", f"A tree may have at most {_DEEPEST} levels"))
    fields = {key: value for key, value in record.items() if not _is_children(value)}
    children = [
        (reference, _node(call, child, item, depth + 1))
        for key, value in record.items()
        if _is_children(value)
        for child, reference in [_relationship(call, schema, key, name)]
        for item in value["records"]
    ]
    return _Node(name, schema, fields, tuple(children))


def _is_children(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("records"), list)


def _relationship(call: Call, parent: Schema, key: str, name: str) -> tuple[Schema, str]:
    for schema, field in call.schemas.children(parent):
        if (field.child_relationship_name or "").lower() == key.lower():
            return schema, field.name
    raise _Refused(name, RowFault("INVALID_FIELD", f"No such column '{key}' on sobject of type {parent.name}"))


def _check(nodes: list[_Node]) -> None:
    names = [node.name for node in nodes]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise _Refused(
            repeated, RowFault("INVALID_INPUT", f"Duplicate ReferenceId provided in the request: {repeated}")
        )
    if len(nodes) > _MOST:
        raise _Refused(names[_MOST], RowFault("LIMIT_EXCEEDED", f"A tree may have at most {_MOST} records"))
    if len({node.schema.name for node in nodes}) > _MOST_TYPES:
        raise _Refused(names[0], RowFault("LIMIT_EXCEEDED", f"A tree may have at most {_MOST_TYPES} types of records"))
