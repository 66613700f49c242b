"""`/query`, `/queryAll` and their further pages."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.responses import Response

from salesforce_emulator.call import Call
from salesforce_emulator.errors import ApiError
from salesforce_emulator.soql.running import Found
from salesforce_emulator.soql.tokens import SoqlError

_BATCH_SIZE = re.compile(r"batchSize\s*=\s*([0-9]+)", re.IGNORECASE)


def query(call: Call) -> Response:
    """Return the first page of a query. `/queryAll` also finds deleted records."""
    with_deleted = call.request.url.path.rstrip("/").endswith("queryAll")
    found = start_query(call, lambda q: call.world.query(q, call.version, with_deleted, call.session.user_id))
    if asks_for_columns(call):
        return call.answer(found.columns())
    return _page(call, found, None, 0)


def more(call: Call) -> Response:
    """Return a further page."""
    return _page(call, *continue_query(call))


def start_query(call: Call, search: Callable[[str], Found]) -> Found:
    """Run the statement of a call. Raises ApiError."""
    statement = call.request.query_params.get("q")
    if not statement:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    try:
        return search(statement)
    except SoqlError as error:
        raise ApiError(400, error.code, error.message) from error


def asks_for_columns(call: Call) -> bool:
    """Return whether a call asks for the columns of a statement instead of its records."""
    return call.request.query_params.get("columns", "").lower() == "true"


def continue_query(call: Call) -> tuple[Found, str, int]:
    """Return the result of an earlier call, its cursor and the offset of the requested page. Raises ApiError."""
    kept = call.world.cursors.find(call.part("locator"))
    if kept is None:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    cursor, found, offset = kept
    return found, cursor, offset


def _page(call: Call, found: Found, cursor: str | None, start: int) -> Response:
    size = page_size(call)
    end = start + size
    done = end >= len(found.rows)
    answer = {"totalSize": found.total, "done": done}
    if not done:
        cursor = cursor or call.world.cursors.keep(found)
        answer["nextRecordsUrl"] = f"{call.base}/query/{cursor}-{end}"  # type: ignore[assignment]
    with call.world.engine.lock:
        return call.answer({**answer, "records": found.page(start, size)})


def page_size(call: Call) -> int:
    """Return the page size that the call asks for. Raises ApiError."""
    match = _BATCH_SIZE.search(call.request.headers.get("sforce-query-options", ""))
    if match is None:
        return call.world.org.page_size
    size = int(match[1])
    if not 200 <= size <= 2000:
        raise ApiError(400, "INVALID_BATCH_SIZE", "batchSize must be between 200 and 2000")
    return min(size, call.world.org.page_size)
