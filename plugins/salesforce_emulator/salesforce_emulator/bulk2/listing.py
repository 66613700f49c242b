"""List jobs: `/jobs/ingest` and `/jobs/query`, 1,000 per page."""

from __future__ import annotations

from starlette.responses import Response

from salesforce_emulator.bulk2.querying import locator_of, offset_of
from salesforce_emulator.call import Call
from salesforce_emulator.jobs.shelf import Kind, Shelf


def list_jobs(call: Call, shelf: Shelf[Kind], path: str, kind: str) -> Response:
    """Return one page of jobs.

    A filter for another job type or for PK chunking returns an empty page.
    """
    asked = call.request.query_params
    locator = asked.get("queryLocator")
    jobs, following = shelf.page(offset_of(locator) if locator else 0)
    if asked.get("jobType", kind) != kind or asked.get("isPkChunkingEnabled") == "true":
        jobs, following = [], None
    answer = {"done": following is None, "records": [job.in_list(kind) for job in jobs]}
    more = None if following is None else f"{call.base}/jobs/{path}?queryLocator={locator_of(following)}"
    return call.answer({**answer, "nextRecordsUrl": more})
