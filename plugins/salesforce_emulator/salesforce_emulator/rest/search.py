"""`/search` and `/parameterizedSearch`. REST API Developer Guide, "Search" and "Parameterized Search"."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from salesforce_emulator.call import Call
from salesforce_emulator.errors import ApiError
from salesforce_emulator.soql.tokens import SoqlError
from salesforce_emulator.sosl.matching import matcher, searchable
from salesforce_emulator.sosl.statement import MOST, Returning, Search, SoslError, of_object, parse


def search(call: Call) -> Response:
    """GET /search?q=FIND {...}."""
    try:
        wanted = parse(call.request.query_params.get("q", ""))
    except SoslError as error:
        raise ApiError(400, "MALFORMED_SEARCH", str(error)) from error
    return call.answer({"searchRecords": _find_records(call, wanted)})


def search_parameterized(call: Call) -> Response:
    """GET /parameterizedSearch?q=words&sObject=Account&fields=Id,Name, or POST with the same in its body."""
    body = call.json() if call.request.method == "POST" else _read_query(call)
    text = body.get("q") if isinstance(body, dict) else None
    if not isinstance(text, str) or len(text.strip()) < 2:
        raise ApiError(400, "MALFORMED_SEARCH", "search term must be longer than one character")
    try:
        wanted = _parameters(body, text.strip())
    except (KeyError, TypeError, ValueError) as error:
        raise ApiError(400, "JSON_PARSER_ERROR", f"The parameters of the search cannot be read: {error}") from error
    return call.answer({"searchRecords": _find_records(call, wanted)})


def _parameters(body: dict[str, Any], text: str) -> Search:
    common = body.get("fields") or ["Id"]
    objects = [
        of_object(str(one["name"]), ",".join(one.get("fields", common)), int(one.get("limit", MOST)))
        for one in body.get("sobjects", [])
    ]
    return Search(text, str(body.get("in", "ALL")).upper(), tuple(objects), int(body.get("overallLimit", MOST)))


def _read_query(call: Call) -> dict[str, Any]:
    query = call.request.query_params
    fields = [name.strip() for name in query.get("fields", "").split(",") if name.strip()]
    objects = [{"name": name} for name in query.getlist("sobject") + query.getlist("sObject")]
    return {"q": query.get("q"), "in": query.get("in", "ALL"), "fields": fields, "sobjects": objects}


def _find_records(call: Call, wanted: Search) -> list[dict[str, Any]]:
    everything = [of_object(schema.name) for schema in call.schemas.all if searchable(schema)]
    found: list[dict[str, Any]] = []
    for returning in wanted.returning or everything:
        found += _of_object(call, wanted, returning)
    return found[: wanted.limit]


def _of_object(call: Call, wanted: Search, returning: Returning) -> list[dict[str, Any]]:
    schema = call.schemas.find(returning.object_name)
    try:
        found = call.world.query(returning.query, call.version, user=call.session.user_id)
    except SoqlError as error:
        raise ApiError(400, error.code, error.message) from error
    if schema is None or not searchable(schema):
        raise ApiError(400, "INVALID_TYPE", f"entity type {returning.object_name} does not support search")
    with call.world.engine.lock:
        matches = matcher(schema, wanted.text, wanted.scope)
        found.rows = [row for row in found.rows if matches(row)]
        return found.page(0, returning.limit)
