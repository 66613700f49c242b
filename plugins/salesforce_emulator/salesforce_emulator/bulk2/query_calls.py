"""The calls for query jobs. Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Query"."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from salesforce_emulator.bulk2 import querying
from salesforce_emulator.bulk2.job_body import next_state, query_job
from salesforce_emulator.bulk2.listing import list_jobs
from salesforce_emulator.bulk2.refusals import invalid_job, invalid_state, no_entity
from salesforce_emulator.call import Call
from salesforce_emulator.errors import ApiError, not_found
from salesforce_emulator.jobs.bulk2_job import ENDED, QueryJob
from salesforce_emulator.soql.running import Found

_QUERY_JOBS = "DailyBulkV2QueryJobs"
_PAGES_AT_ONCE = 5
_PAGE = 50_000


def create(call: Call) -> Response:
    """POST /jobs/query."""
    body = call.json()
    query = body.get("query") if isinstance(body, dict) else None
    if not isinstance(query, str) or not query:
        raise invalid_job("A query is required")
    try:
        found = querying.run_query(call, query, body.get("operation") == "queryAll")
    except ApiError as error:
        if error.code == "INVALID_TYPE":
            raise no_entity(_object_of(query)) from error
        raise
    job = query_job(call, body, found)
    if not call.world.allocations.take(_QUERY_JOBS):
        raise ApiError(400, "EXCEEDEDQUOTA", f"{_QUERY_JOBS} Limit exceeded.")
    call.world.query_jobs.add(job)
    answer = call.answer(job.creation_facts())
    call.world.workers.submit(partial(querying.run, call.world, job), job, getattr(call.request.state, "slow", 0.0))
    return answer


def show(call: Call) -> Response:
    """GET /jobs/query/ID."""
    return call.answer(_job(call).info())


def show_all(call: Call) -> Response:
    """GET /jobs/query."""
    return list_jobs(call, call.world.query_jobs, "query", "V2Query")


def change(call: Call) -> Response:
    """PATCH /jobs/query/ID: set the state to Aborted."""
    job = _job(call)
    body = call.json()
    with job.lock:
        job.state = next_state(job, body, ("Aborted",))
    job.modified = call.world.clock.now()
    call.world.workers.withdraw(job)
    return call.answer(job.facts())


def delete(call: Call) -> Response:
    """DELETE /jobs/query/ID."""
    job = _job(call)
    if job.state not in (*ENDED, "UploadComplete"):
        raise invalid_state(f"Deleting a Job in state {job.state} is not allowed")
    call.world.workers.withdraw(job)
    call.world.query_jobs.remove(job)
    return Response(status_code=204)


def results(call: Call) -> Response:
    """GET /jobs/query/ID/results: up to `maxRecords` rows, starting at `locator`."""
    job = _job(call)
    found = _require_results(job)
    most = call.request.query_params.get("maxRecords", str(len(found.rows)))
    if not most.isdigit() or (most == "0" and found.rows):
        raise ApiError(400, "API_ERROR", "maxRecords must be a positive number")
    locator = call.request.query_params.get("locator")
    start = querying.offset_of(locator) if locator else 0
    with call.world.engine.lock:
        content, headers = querying.page(job, found, start, int(most))
    return Response(content, headers=headers, media_type="text/csv")


def result_pages(call: Call) -> Response:
    """GET /jobs/query/ID/resultPages: URLs of pages that clients can fetch in parallel."""
    job = _job(call)
    found = _require_results(job)
    locator = call.request.query_params.get("locator")
    start = querying.offset_of(locator) if locator else 0
    base = f"{call.base}/jobs/query/{job.id}"
    end = start + _PAGE * _PAGES_AT_ONCE
    offsets = range(start, min(end, max(len(found.rows), 1)), _PAGE)
    pages = [f"{base}/results?locator={querying.locator_of(at)}&maxRecords={_PAGE}" for at in offsets]
    done = end >= len(found.rows)
    answer = {"resultPages": [{"resultUrl": page} for page in pages], "done": done}
    return call.answer(answer if done else {**answer, "nextRecordsUrl": _more(base, end)})


def _more(base: str, end: int) -> str:
    return f"{base}/resultPages?locator={querying.locator_of(end)}"


def _job(call: Call) -> QueryJob:
    job = call.world.query_jobs.find(call.part("job"))
    if job is None:
        raise not_found()
    return job


def _require_results(job: QueryJob) -> Found:
    if job.found is None:
        raise invalid_state(f"The results of a Job in state {job.state} are not available")
    return job.found


def _object_of(query: str) -> str:
    words = query.split()
    lower = [word.lower() for word in words]
    return words[lower.index("from") + 1] if "from" in lower[:-1] else ""
