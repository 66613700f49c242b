"""The calls for ingest jobs. Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Ingest"."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence

from starlette.responses import Response

from salesforce_emulator.bulk2.ingesting import Loading
from salesforce_emulator.bulk2.job_body import ingest_job, next_state
from salesforce_emulator.bulk2.listing import list_jobs
from salesforce_emulator.bulk2.multipart import read_multipart
from salesforce_emulator.bulk2.refusals import bad_input, invalid_state
from salesforce_emulator.call import Call
from salesforce_emulator.errors import ApiError, not_found
from salesforce_emulator.jobs.bulk2_job import ENDED, IngestJob

# 150 MB as Salesforce counts them: in base64, with four characters for three bytes.
_LARGEST = 150_000_000 * 3 // 4
_OPEN_SECONDS = 86_400
_SEVERAL = (
    "Found multiple contents for job: <{}>, please 'Close' / 'Abort' / 'Delete' the current Job then create a new Job "
    "and make sure you only do 'PUT' once on a given Job."
)


def create(call: Call) -> Response:
    """POST /jobs/ingest: create a job. A multipart body also carries its data."""
    content_type = call.request.headers.get("content-type", "")
    if not content_type.startswith("multipart/form-data"):
        job = ingest_job(call, call.json())
        call.world.ingest_jobs.add(job)
        return call.answer(job.creation_facts())
    described, data = read_multipart(call.body, content_type)
    try:
        job = ingest_job(call, json.loads(described))
    except ValueError as error:
        raise ApiError(400, "JSON_PARSER_ERROR", f"Unexpected character or end of input: {error}") from error
    job.data, job.state = data, "UploadComplete"
    call.world.ingest_jobs.add(job)
    _close(call, job)
    return call.answer(job.creation_facts())


def upload(call: Call) -> Response:
    """PUT /jobs/ingest/ID/batches: upload the data. A job accepts data only once."""
    job = _job(call)
    if not call.request.headers.get("content-type", "").startswith("text/csv"):
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "Content type of the data must be text/csv")
    if len(call.body) > _LARGEST:
        raise bad_input(f"Failed to read request. Exceeded max size limit of {_LARGEST}")
    with job.lock:
        _check_open(call, job, "Uploading data to")
        if job.data is not None:
            raise bad_input(_SEVERAL.format(job.id))
        job.data, job.origin = call.body, call.origin
        job.modified = call.world.clock.now()
    return Response(status_code=201)


def change(call: Call) -> Response:
    """PATCH /jobs/ingest/ID: set the state to UploadComplete or Aborted."""
    job = _job(call)
    body = call.json()
    with job.lock:
        state = next_state(job, body, ("UploadComplete", "Aborted"))
        if state == "UploadComplete":
            _check_open(call, job, "Closing")
        job.state, job.modified = state, call.world.clock.now()
    if state == "Aborted":
        (job.loading or Loading(call.world, job)).give_up()
    else:
        _close(call, job)
    return call.answer(job.facts())


def show(call: Call) -> Response:
    """GET /jobs/ingest/ID."""
    return call.answer(_job(call).info())


def show_all(call: Call) -> Response:
    """GET /jobs/ingest."""
    return list_jobs(call, call.world.ingest_jobs, "ingest", "V2Ingest")


def delete(call: Call) -> Response:
    """DELETE /jobs/ingest/ID."""
    job = _job(call)
    if job.state not in (*ENDED, "UploadComplete"):
        raise invalid_state(f"Deleting a Job in state {job.state} is not allowed")
    if job.state == "UploadComplete":
        call.world.workers.withdraw(job)
    call.world.ingest_jobs.remove(job)
    return Response(status_code=204)


def successful(call: Call) -> Response:
    """GET /jobs/ingest/ID/successfulResults."""
    return _file(call, ("sf__Id", "sf__Created"), lambda job: job.successful)


def get_failed_results(call: Call) -> Response:
    """GET /jobs/ingest/ID/failedResults."""
    return _file(call, ("sf__Id", "sf__Error"), lambda job: job.failures)


def get_unprocessed_records(call: Call) -> Response:
    """GET /jobs/ingest/ID/unprocessedrecords."""
    return _file(call, (), lambda job: job.unprocessed)


def _file(call: Call, added: Sequence[str], parts: Callable[[IngestJob], list[bytes]]) -> Response:
    job = _job(call)
    lines = [zlib.decompress(part) for part in parts(job)]
    return Response(job.layout.header(added, job.header) + b"".join(lines), media_type="text/csv")


def _job(call: Call) -> IngestJob:
    job = call.world.ingest_jobs.find(call.part("job"))
    if job is None:
        raise not_found()
    return job


def _check_open(call: Call, job: IngestJob, doing: str) -> None:
    if job.state != "Open":
        raise invalid_state(f"{doing} a Job in state {job.state} is not allowed")
    if call.world.clock.now() - job.created > _OPEN_SECONDS:
        raise invalid_state("The Job has been open for more than 24 hours")


def _close(call: Call, job: IngestJob) -> None:
    loading = Loading(call.world, job)
    job.loading = loading
    loading.start(getattr(call.request.state, "slow", 0.0))
