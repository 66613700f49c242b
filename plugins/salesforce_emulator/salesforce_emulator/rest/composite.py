"""`/composite` and `/composite/batch`: several requests in one call.

REST API Developer Guide, "Composite" and "Composite Batch".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.responses import Response

from salesforce_emulator.allocations import API_REQUESTS
from salesforce_emulator.call import Call, json_answer
from salesforce_emulator.dml.undoing import undo
from salesforce_emulator.errors import ApiError
from salesforce_emulator.rest.dispatch import Entry, Inner, content_of, dispatch
from salesforce_emulator.rest.references import fill_references

_MOST = 25
_MOST_QUERIES = 5
_ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."
_BATCH_HALTED = ("BATCH_PROCESSING_HALTED", "Batch processing halted per request", 412)
_SHOWN_HEADERS = {"location": "Location", "etag": "ETag", "last-modified": "Last-Modified"}


def run(call: Call, entries: Sequence[Entry]) -> Response:
    """POST /composite."""
    body = call.json()
    asked = _requests(body, "compositeRequest")
    check_names(asked)
    _check_queries(asked)
    if body.get("allOrNone") is True:
        return call.answer({"compositeResponse": run_together(call, entries, asked)})
    done = _answer_requests(call, entries, asked, halt=False)
    return call.answer({"compositeResponse": [_describe_answer(one, answer) for one, answer in done]})


def run_together(
    call: Call, entries: Sequence[Entry], asked: list[dict[str, Any]], said: str = _ROLLED_BACK
) -> list[dict[str, Any]]:
    """Return the answers to requests that form one transaction: if one fails, all are rolled back."""
    with call.world.engine.undoable() as journal:
        done = list(_answer_requests(call, entries, asked, halt=True))
        if any(answer.status_code >= 400 for _, answer in done):
            undo(journal)
            done = _halt_others(asked, done, said)
    return [_describe_answer(one, answer) for one, answer in done]


def make_halted(asked: list[dict[str, Any]], said: str) -> list[dict[str, Any]]:
    """Return the answers to requests that are not executed because others failed."""
    return [_describe_answer(one, _error("PROCESSING_HALTED", said, 400)) for one in asked]


def run_batch(call: Call, entries: Sequence[Entry]) -> Response:
    """POST /composite/batch: independent requests. Each counts against the API request limit."""
    body = call.json()
    halts, failed = body.get("haltOnError") is True if isinstance(body, dict) else False, False
    results: list[dict[str, Any]] = []
    for one in _requests(body, "batchRequests"):
        answer = _answer_subrequest(call, entries, one) if not (halts and failed) else _error(*_BATCH_HALTED)
        failed = failed or answer.status_code >= 400
        results.append({"statusCode": answer.status_code, "result": content_of(answer)})
    return call.answer({"hasErrors": failed, "results": results})


def _requests(body: Any, key: str) -> list[dict[str, Any]]:
    asked = body.get(key) if isinstance(body, dict) else None
    if not isinstance(asked, list) or not all(isinstance(one, dict) for one in asked):
        raise ApiError(400, "JSON_PARSER_ERROR", f"The body must hold a list {key}")
    if not asked:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "At least 1 request is required")
    if len(asked) > _MOST:
        raise ApiError(400, "LIMIT_EXCEEDED", f"A request may hold at most {_MOST} subrequests")
    return asked


def check_names(asked: list[dict[str, Any]]) -> None:
    """Refuse incomplete requests and repeated reference ids. Raises ApiError."""
    names = [one.get("referenceId") for one in asked]
    for one in asked:
        if not all(isinstance(one.get(key), str) for key in ("method", "url", "referenceId")):
            raise ApiError(400, "INVALID_INPUT", "A subrequest needs method, url and referenceId")
        if names.count(one["referenceId"]) > 1:
            raise ApiError(400, "INVALID_INPUT", f"referenceId {one['referenceId']} is not unique")


def _check_queries(asked: list[dict[str, Any]]) -> None:
    counted = [one for one in asked if "/query" in one["url"] or "/composite/sobjects" in one["url"]]
    if len(counted) > _MOST_QUERIES:
        message = f"At most {_MOST_QUERIES} subrequests may be queries or sObject Collections operations"
        raise ApiError(400, "LIMIT_EXCEEDED", message)


def _answer_requests(
    call: Call, entries: Sequence[Entry], asked: list[dict[str, Any]], halt: bool
) -> Iterator[tuple[dict[str, Any], Response]]:
    answers: dict[str, Any] = {}
    for one in asked:
        try:
            inner = Inner(
                one["method"].upper(),
                fill_references(one["url"], answers),
                fill_references(one.get("body"), answers),
                one.get("httpHeaders") or {},
            )
            answer = dispatch(call, entries, inner)
        except ApiError as error:
            answer = json_answer(error.body(), error.status)
        answers[one["referenceId"]] = content_of(answer)
        yield one, answer
        if halt and answer.status_code >= 400:
            return


def _halt_others(
    asked: list[dict[str, Any]], done: list[tuple[dict[str, Any], Response]], said: str
) -> list[tuple[dict[str, Any], Response]]:
    """Return the error of the failed request, and PROCESSING_HALTED for all others."""
    failed, other = len(done) - 1, _error("PROCESSING_HALTED", said, 400)
    return [(one, done[at][1] if at == failed else other) for at, one in enumerate(asked)]


def _answer_subrequest(call: Call, entries: Sequence[Entry], one: dict[str, Any]) -> Response:
    method, url = one.get("method"), one.get("url")
    if not isinstance(method, str) or not isinstance(url, str):
        return json_answer(ApiError(400, "INVALID_INPUT", "A subrequest needs method and url").body(), 400)
    if not call.world.allocations.take(API_REQUESTS):
        return json_answer(ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").body(), 403)
    url = "/services/data/" + url.lstrip("/").removeprefix("services/data/")
    return dispatch(call, entries, Inner(method.upper(), url, one.get("richInput")))


def _error(code: str, message: str, status: int) -> Response:
    return json_answer(ApiError(status, code, message).body(), status)


def _describe_answer(one: dict[str, Any], answer: Response) -> dict[str, Any]:
    headers = {shown: answer.headers[name] for name, shown in _SHOWN_HEADERS.items() if name in answer.headers}
    return {
        "body": content_of(answer),
        "httpHeaders": headers,
        "httpStatusCode": answer.status_code,
        "referenceId": one["referenceId"],
    }
