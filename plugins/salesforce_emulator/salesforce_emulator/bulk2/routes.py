"""The paths of Bulk API 2.0."""

from __future__ import annotations

from starlette.routing import Route

from salesforce_emulator.bulk2 import ingest_calls, query_calls
from salesforce_emulator.rest.endpoint import Handler, rest, serve_since

_BASE = "/services/data/v{version}/jobs"


def _route(path: str, handler: Handler, method: str = "GET") -> Route:
    return Route(_BASE + path, rest(handler), methods=[method])


ROUTES = [
    _route("/ingest", ingest_calls.show_all),
    _route("/ingest", ingest_calls.create, "POST"),
    _route("/ingest/{job}", ingest_calls.show),
    _route("/ingest/{job}", ingest_calls.change, "PATCH"),
    _route("/ingest/{job}", ingest_calls.delete, "DELETE"),
    _route("/ingest/{job}/batches", ingest_calls.upload, "PUT"),
    _route("/ingest/{job}/successfulResults", ingest_calls.successful),
    _route("/ingest/{job}/failedResults", ingest_calls.get_failed_results),
    _route("/ingest/{job}/unprocessedrecords", ingest_calls.get_unprocessed_records),
    # Clients use both spellings.
    _route("/ingest/{job}/unprocessedRecords", ingest_calls.get_unprocessed_records),
    _route("/query", query_calls.show_all),
    _route("/query", query_calls.create, "POST"),
    _route("/query/{job}", query_calls.show),
    _route("/query/{job}", query_calls.change, "PATCH"),
    _route("/query/{job}", query_calls.delete, "DELETE"),
    _route("/query/{job}/results", query_calls.results),
    _route("/query/{job}/resultPages", serve_since(58, query_calls.result_pages)),
]
