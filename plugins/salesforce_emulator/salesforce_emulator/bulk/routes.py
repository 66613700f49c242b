"""The calls of Bulk API: jobs, batches, requests and results."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salesforce_emulator.allocations import API_REQUESTS, BULK_BATCHES
from salesforce_emulator.bulk import wire
from salesforce_emulator.bulk.job_info import check_state_change, new_job
from salesforce_emulator.call import JSON_TYPE, Call, UnreadableBody, read_body
from salesforce_emulator.errors import PASSWORD_EXPIRED, BulkError
from salesforce_emulator.jobs.bulk_job import DONE, QUERIES, Batch, Job
from salesforce_emulator.rest.endpoint import Endpoint
from salesforce_emulator.versions import Standing, judge_version
from salesforce_emulator.world import World

_LARGEST = 10_000_000
_OPEN_SECONDS = 86_400
_DATA_TYPES = {"CSV": "text/csv", "JSON": "application/json", "XML": "application/xml"}
_SENT_AS = {"CSV": ("text/csv",), "JSON": ("application/json",), "XML": ("application/xml", "text/xml")}


def bulk(handler: Callable[[Call], Response]) -> Endpoint:
    """Return an endpoint of Bulk API, with its own session header and error format."""

    async def endpoint(request: Request) -> Response:
        try:
            return await run_in_threadpool(handler, await _call(request))
        except BulkError as error:
            return wire.error_answer(request, error)

    return endpoint


async def _call(request: Request) -> Call:
    world: World = request.app.state.world
    version = str(request.path_params["version"])
    if judge_version(world.org.versions, version) is not Standing.SERVED:
        raise BulkError("InvalidVersion", f"Api version is not supported: {version}")
    session = world.sessions.find(request.headers.get("x-sfdc-session"))
    if session is None or not session.for_the_api:
        raise BulkError("InvalidSessionId", "Invalid session id")
    if not world.permissions(session.user_id).api_enabled:
        raise BulkError("InvalidUser", "API is disabled for this user", 403)
    if world.login_state(session.user_id).password_expired:
        raise BulkError("InvalidUser", PASSWORD_EXPIRED[1])
    if not world.allocations.take(API_REQUESTS):
        raise BulkError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)
    try:
        return Call(world, request, version, session, await read_body(request))
    except UnreadableBody as error:
        raise BulkError("ClientInputError", f"Failed to decompress the request: {error}") from error


def create_job(call: Call) -> Response:
    """POST /job."""
    info = wire.read_info(call.body, call.request.headers.get("content-type", ""))
    job = new_job(call, info)
    call.world.jobs.add(job)
    return wire.job_answer(call.request, job, 201)


def show_job(call: Call) -> Response:
    """GET /job/ID."""
    return wire.job_answer(call.request, _job(call))


def change_job(call: Call) -> Response:
    """POST /job/ID: close or abort the job."""
    job = _job(call)
    info = wire.read_info(call.body, call.request.headers.get("content-type", ""))
    call.world.jobs.end(job, check_state_change(job, info.get("state", "")))
    return wire.job_answer(call.request, job)


def add_batch(call: Call) -> Response:
    """POST /job/ID/batch."""
    # A posted batch counts even if its job is closed.
    if not call.world.allocations.take(BULK_BATCHES):
        raise BulkError("ExceededQuota", "ApiBatchItems Limit exceeded.")
    job = _job(call)
    if job.state != "Open":
        raise BulkError("InvalidJobState", f"Adding a batch to a job in state {job.state} is not allowed")
    if call.world.clock.now() - job.created > _OPEN_SECONDS:
        raise BulkError("InvalidJobState", "The job has been open for more than 24 hours")
    content_type = call.request.headers.get("content-type", "")
    if not job.operation.startswith("query") and content_type.split(";")[0].strip() not in _SENT_AS[job.content_type]:
        message = f"Content type {content_type!r} does not match the content type of the job, {job.content_type}"
        raise BulkError("ClientInputError", message)
    if len(call.body) > _LARGEST:
        message = f"Failed to read request. Exceeded max size limit of {_LARGEST}"
        raise BulkError("ClientInputError", message)
    jobs, now, packed = call.world.jobs, call.world.clock.now(), zlib.compress(call.body, 1)
    batch = Batch(jobs.next_batch(), job, now, content_type, packed, call.origin)
    answer = wire.batch_answer(call.request, batch, 201)
    jobs.submit(batch, slow=getattr(call.request.state, "slow", 0.0))
    return answer


def list_batches(call: Call) -> Response:
    """GET /job/ID/batch."""
    job = _job(call)
    return wire.batches_answer(call.request, job, list(job.batches.values()))


def show_batch(call: Call) -> Response:
    """GET /job/ID/batch/ID."""
    return wire.batch_answer(call.request, _batch(call))


def show_request(call: Call) -> Response:
    """GET /job/ID/batch/ID/request: the data as the client sent them."""
    batch = _batch(call)
    return Response(batch.data(), headers={"Content-Type": batch.content_type or "text/csv"})


def show_result(call: Call) -> Response:
    """GET /job/ID/batch/ID/result: one result per row, or the ids of a query's result files."""
    batch = _require_finished_batch(call)
    if batch.job.operation in QUERIES:
        return wire.result_list_answer(call.request, batch)
    return Response(batch.results(), headers={"Content-Type": _result_type(batch.job)})


def show_result_file(call: Call) -> Response:
    """GET /job/ID/batch/ID/result/ID: the rows of a query."""
    batch = _require_finished_batch(call)
    if batch.result_id[:15] != call.part("result")[:15]:
        raise BulkError("InvalidBatch", "Unable to find the result")
    return Response(batch.results(), headers={"Content-Type": _result_type(batch.job)})


def _result_type(job: Job) -> str:
    return JSON_TYPE if job.is_json else _DATA_TYPES[job.content_type]


def _job(call: Call) -> Job:
    job = call.world.jobs.find(call.part("job"))
    if job is None:
        raise BulkError("InvalidJob", f"Unable to find object for id: {call.part('job')}")
    return job


def _batch(call: Call) -> Batch:
    batch = _job(call).batches.get(call.part("batch")[:15])
    if batch is None:
        raise BulkError("InvalidBatch", f"Unable to find batch for id: {call.part('batch')}")
    return batch


def _require_finished_batch(call: Call) -> Batch:
    batch = _batch(call)
    if batch.state not in DONE:
        raise BulkError("InvalidBatch", "Batch not completed")
    if not batch.result:
        raise BulkError("InvalidBatch", "Records not processed")
    return batch


def _route(path: str, handler: Callable[[Call], Response], method: str = "GET") -> Route:
    return Route(f"/services/async/{{version}}/job{path}", bulk(handler), methods=[method])


ROUTES = [
    _route("", create_job, "POST"),
    _route("/{job}", show_job),
    _route("/{job}", change_job, "POST"),
    _route("/{job}/batch", add_batch, "POST"),
    _route("/{job}/batch", list_batches),
    _route("/{job}/batch/{batch}", show_batch),
    _route("/{job}/batch/{batch}/request", show_request),
    _route("/{job}/batch/{batch}/result", show_result),
    _route("/{job}/batch/{batch}/result/{result}", show_result_file),
]
