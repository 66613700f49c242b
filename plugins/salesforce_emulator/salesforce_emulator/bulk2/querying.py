"""Run the query of a job, and show its result in pages."""

from __future__ import annotations

import base64
import time

from salesforce_emulator.call import Call
from salesforce_emulator.errors import ApiError
from salesforce_emulator.jobs.bulk2_job import QueryJob
from salesforce_emulator.jobs.query_results import as_text
from salesforce_emulator.soql.running import Found
from salesforce_emulator.soql.tokens import SoqlError
from salesforce_emulator.world import World

_LAST = "null"


def run_query(call: Call, query: str, with_deleted: bool) -> Found:
    """Return the current result of a query. Raises ApiError if Bulk API does not support the query."""
    try:
        found = call.world.query(query, call.version, with_deleted, call.session.user_id)
    except SoqlError as error:
        raise ApiError(400, error.code, error.message) from error
    statement = found.query
    if statement.macro is not None:
        raise _make_unsupported_error("The SOQL FIELDS function is not supported in Bulk Query")
    if statement.counts or found.is_grouped():
        raise _make_unsupported_error("Aggregate functions are not supported in Bulk Query")
    if statement.children:
        raise _make_unsupported_error("Nested queries are not supported in Bulk Query")
    if statement.offset:
        raise _make_unsupported_error("OFFSET is not supported in Bulk Query")
    if found.has_compound():
        raise _make_unsupported_error("Selecting compound data not supported in Bulk Query")
    return found


def _make_unsupported_error(message: str) -> ApiError:
    return ApiError(400, "API_ERROR", message)


def run(world: World, job: QueryJob) -> None:
    """Find the rows of a job."""
    started = time.perf_counter()
    if not job.begins(world.clock.now()):
        return
    try:
        job.found = world.query(job.query, job.version, job.operation == "queryAll", job.user_id)
        job.processed = job.found.total
        state, message = "JobComplete", ""
    except SoqlError as error:
        state, message = "Failed", f"{error.code}: {error.message}"
    job.milliseconds = max(1, round((time.perf_counter() - started) * 1000))
    job.ends(state, world.clock.now(), message)


def locator_of(offset: int) -> str:
    """Return the locator of an offset, such as `MTAwMDA` for 10000. Clients treat it as opaque."""
    return base64.b64encode(str(offset).encode()).decode().rstrip("=")


def offset_of(locator: str) -> int:
    """Return the offset of a locator. Raises ApiError."""
    try:
        return int(base64.b64decode(locator + "=" * (-len(locator) % 4), validate=True))
    except ValueError as error:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator") from error


def page(job: QueryJob, found: Found, start: int, most: int) -> tuple[bytes, dict[str, str]]:
    """Return one page of a result with its header line, and the HTTP headers that lead to the next page."""
    rows = as_text(found, start, most)
    end = start + len(rows)
    headers = {
        "Sforce-Locator": locator_of(end) if end < len(found.rows) else _LAST,
        "Sforce-NumberOfRecords": str(len(rows)),
    }
    return job.layout.quote_rows([found.header(), *rows]), headers
