"""The format of Bulk API's control calls: XML or JSON, depending on the call and the job."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from starlette.requests import Request
from starlette.responses import Response

from salesforce_emulator.call import JSON_TYPE
from salesforce_emulator.clock import bulk_xml_time, data_time
from salesforce_emulator.errors import BulkError
from salesforce_emulator.jobs.bulk_job import Batch, Job
from salesforce_emulator.xml_bodies import DATALOAD, XmlRefused, document, flat, read_xml, texts

XML_TYPE = "application/xml"


def wants_json(request: Request, job: Job | None = None) -> bool:
    """Return whether the answer is JSON: the call's headers ask for it, or the job's data are JSON."""
    asked = request.headers.get("content-type", "") + request.headers.get("accept", "")
    return "json" in asked or (job is not None and job.is_json)


def read_info(body: bytes, content_type: str) -> dict[str, str]:
    """Return the elements of a jobInfo from a client. Raises BulkError."""
    if "json" in content_type:
        try:
            info = json.loads(body)
        except ValueError as error:
            raise BulkError("ClientInputError", f"Failed to parse JSON: {error}") from error
        if not isinstance(info, dict):
            raise BulkError("ClientInputError", "The body must be a jobInfo")
        return {key: str(value) for key, value in info.items() if value is not None}
    try:
        return texts(read_xml(body))
    except XmlRefused as error:
        raise BulkError("InvalidXML", f"Failed to parse XML: {error}") from error


def job_answer(request: Request, job: Job, status: int = 200) -> Response:
    """Return a response with a jobInfo."""
    if wants_json(request, job):
        return _json(job.facts(data_time), status)
    return _xml(flat("jobInfo", {**job.facts(bulk_xml_time), "apiVersion": job.version}), status)


def batch_answer(request: Request, batch: Batch, status: int = 200) -> Response:
    """Return a response with a batchInfo."""
    if wants_json(request, batch.job):
        return _json(batch.facts(data_time), status)
    return _xml(flat("batchInfo", batch.facts(bulk_xml_time)), status)


def batches_answer(request: Request, job: Job, batches: Sequence[Batch]) -> Response:
    """Return a response with a batchInfoList."""
    if wants_json(request, job):
        return _json({"batchInfo": [batch.facts(data_time) for batch in batches]}, 200)
    root = ElementTree.Element("batchInfoList", {"xmlns": DATALOAD})
    for batch in batches:
        element = flat("batchInfo", batch.facts(bulk_xml_time))
        del element.attrib["xmlns"]
        root.append(element)
    return _xml(root, 200)


def result_list_answer(request: Request, batch: Batch) -> Response:
    """Return a response with the ids of a query's result files."""
    if wants_json(request, batch.job):
        return Response(json.dumps([batch.result_id]), media_type=JSON_TYPE)
    return _xml(flat("result-list", {"result": batch.result_id}), 200)


def error_answer(request: Request, error: BulkError) -> Response:
    """Return a response with an error: `exceptionCode` and `exceptionMessage`."""
    facts = {"exceptionCode": error.code, "exceptionMessage": error.message}
    return _json(facts, error.status) if wants_json(request) else _xml(flat("error", facts), error.status)


def _json(facts: Mapping[str, object], status: int) -> Response:
    return Response(json.dumps(facts), status, media_type=JSON_TYPE)


def _xml(root: ElementTree.Element, status: int) -> Response:
    return Response(document(root), status, {"Content-Type": XML_TYPE})
