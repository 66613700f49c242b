"""Read what an error answer says: its code, its words, and whether the call may have been executed."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from textwrap import shorten
from typing import Any
from xml.etree import ElementTree

from connector_salesforce.errors.codes import normalize_code, table
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.json_body import read_json
from connector_salesforce.transport.xml import MarkupError, name_of, parse, values_of
from connector_sdk import Executed

SESSION_CODES = ("INVALID_SESSION_ID", "InvalidSessionId")
"""The codes of an ended session in the REST and Bulk APIs."""

_REFUSED = (400, 404, 405, 415)
"""Statuses which prove that nothing was executed, if Salesforce itself words the refusal."""

_SECONDS = re.compile("[0-9]{1,9}")

Said = tuple[str, str]


def fault(status: int, headers: Mapping[str, str], body: bytes) -> CallFailed:
    """Return the failure that an answer with an error status reports.

    REST API Developer Guide, "Status Codes and Error Responses"; Bulk API Developer Guide, "Errors".
    """
    date = headers.get("Date", "")
    after = _seconds(headers.get("Retry-After", ""), date)
    return _failure(status, _parse_error(body), _gist(body), retry_after=after, clock_off=_measure_clock(date))


def fault_in(status: int, said: Any) -> CallFailed:
    """Return the failure that a part of an answer reports, such as one of several calls ("Composite")."""
    return _failure(status, _of_json(said), "")


def _failure(
    status: int, said: Said | None, gist: str, retry_after: float | None = None, clock_off: float = 0.0
) -> CallFailed:
    code, message = said or (f"ERROR_HTTP_{status}", gist or f"the server answered {status}")
    executed = _judge_executed(status, code, said is not None)
    return CallFailed(
        normalize_code(code, message), message, executed, status=status, retry_after=retry_after, clock_off=clock_off
    )


def parse_batch_failure(message: str) -> Said:
    """Return the code and words of a batch or job that failed as a whole.

    An example is `InvalidBatch : Field name not found : X` (Bulk API Developer Guide, "Batch Lifespan").
    """
    code, separator, words = message.partition(" : ")
    if not separator and code not in table():
        code = "InvalidBatch"
    return normalize_code(code.strip(), words), message or "Salesforce does not say why"


def _judge_executed(status: int, code: str, by_salesforce: bool) -> Executed:
    """Return whether a failed call may have been executed.

    A 503 may come from an edge in front of a server that did the work. Any status that is not listed may, too. A host
    that has moved did not execute the call.
    """
    refused = (
        status in (301, 307, 308, 401, 429)
        or code in SESSION_CODES
        or (status == 403 and code == "REQUEST_LIMIT_EXCEEDED")
        or (status in _REFUSED and by_salesforce)
    )
    return Executed.NO if refused else Executed.MAYBE


def _parse_error(body: bytes) -> Said | None:
    """Return the code and words of an error in any form that Salesforce uses, or None for any other body."""
    text = body.lstrip()
    if text.startswith((b"[", b"{")):
        try:
            return _of_json(read_json(text))
        except ValueError:
            return None
    if text.startswith(b"<"):
        try:
            return _of_xml(text)
        except MarkupError:
            return None
    return None


def _of_json(said: Any) -> Said | None:
    if isinstance(said, list):
        found = [each for each in map(_of_object, said) if each]
        return (found[0][0], "; ".join(message for _, message in found)) if found else None
    return _of_object(said)


def _of_object(said: Any) -> Said | None:
    if not isinstance(said, dict):
        return None
    pairs = (("errorCode", "message"), ("exceptionCode", "exceptionMessage"), ("error", "error_description"))
    for code, message in pairs:
        if isinstance(said.get(code), str):
            words = said.get(message)
            return said[code], words if words and isinstance(words, str) else said[code]
    return None


def _of_xml(body: bytes) -> Said | None:
    root = parse(body)
    if name_of(root) == "Envelope":
        return _of_envelope(root)
    if name_of(root) == "Errors" and len(root):
        root = root[0]
    values = values_of(root)
    return _of_object(values) if name_of(root) in ("error", "Error") else None


def _of_envelope(root: ElementTree.Element) -> Said | None:
    """Return the code of a SOAP fault without its namespace, and its words without the code.

    SOAP API Developer Guide, "API Fault Element".
    """
    for each in root.iter():
        if name_of(each) == "Fault":
            values = values_of(each)
            code = values.get("faultcode", "").rpartition(":")[2]
            words = values.get("faultstring", "").removeprefix(f"{code}:").strip()
            return (code, words or code) if code else None
    return None


def _gist(body: bytes) -> str:
    """Return the first words of a page that is not meant for programs.

    No word is cut, because redaction would not recognize half a secret.
    """
    text = body[:4_000].decode("utf-8", "replace")
    whole = text if len(body) <= 4_000 else text.rpartition(" ")[0]
    return shorten(re.sub(r"<[^>]*>", " ", whole), 200, placeholder=" ...")


def _seconds(retry_after: str, date: str) -> float | None:
    """Return the seconds that a Retry-After header asks to wait, or None if it has neither seconds nor a date.

    A date is compared with `date`, the time by the server's clock (RFC 9110).
    """
    if _SECONDS.fullmatch(retry_after.strip()):
        return float(retry_after)
    at = _moment(retry_after)
    return max(0.0, (at - (_moment(date) or datetime.now(UTC))).total_seconds()) if at else None


def _measure_clock(date: str) -> float:
    """Return how many seconds the clock that wrote a Date header is ahead of this machine's."""
    at = _moment(date)
    return at.timestamp() - time.time() if at else 0.0


def _moment(date: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return found.replace(tzinfo=found.tzinfo or UTC)
