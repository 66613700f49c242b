"""Classify every error of Salesforce's APIs: its kind, its cause and what to do, as listed in `codes.tsv`.

Codes: SOAP API Developer Guide, "StatusCode" and "ExceptionCode"; Bulk API Developer Guide, "Errors"; Salesforce Help,
"OAuth Authorization Errors". The table adds codes for conditions for which Salesforce has none.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

from attrs import evolve, frozen

from connector_salesforce.errors.exceptions import CallFailed
from connector_sdk import Action, Classification, Executed, Kind, RowError


@frozen
class ContentRule:
    """A rule for a code with several meanings: if the message contains `text`, the code becomes `name`."""

    code: str
    text: str
    name: str


CONTENT_RULES = (
    ContentRule("INVALID_FIELD", "Foreign key external ID", "REFERENCE_NOT_FOUND"),
    ContentRule("INVALID_FIELD", "Failed to deserialize field", "INVALID_VALUE"),
    ContentRule("INVALID_FIELD", "No such column", "FIELD_NOT_FOUND"),
    ContentRule("NOT_FOUND", "external ID field does not exist", "FIELD_NOT_FOUND"),
    ContentRule("InvalidBatch", "Field name not found", "FIELD_NOT_FOUND"),
    ContentRule("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "UNABLE_TO_LOCK_ROW", "UNABLE_TO_LOCK_ROW"),
    ContentRule("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "unable to obtain exclusive access", "UNABLE_TO_LOCK_ROW"),
    ContentRule("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "System.LimitException", "APEX_LIMIT_EXCEEDED"),
    ContentRule("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CPU time limit exceeded", "APEX_LIMIT_EXCEEDED"),
    ContentRule("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Too many SOQL queries", "APEX_LIMIT_EXCEEDED"),
    ContentRule("CANNOT_EXECUTE_FLOW_TRIGGER", "UNABLE_TO_LOCK_ROW", "UNABLE_TO_LOCK_ROW"),
    ContentRule("DUPLICATE_VALUE", "Duplicate external id specified", "DUPLICATE_KEY_IN_REQUEST"),
    ContentRule("DUPLICATE_VALUE", "Duplicate id specified", "DUPLICATE_KEY_IN_REQUEST"),
    ContentRule("REQUEST_LIMIT_EXCEEDED", "Concurrent", "CONCURRENT_REQUESTS_EXCEEDED"),
    ContentRule("INVALID_SESSION_ID", "not valid for use with the REST API", "SESSION_NOT_USABLE"),
    ContentRule("INVALID_SESSION_ID", "Connected app is not attached to Agent", "SESSION_NOT_USABLE"),
    ContentRule("invalid_grant", "expired access/refresh token", "invalid_grant_expired"),
    ContentRule("invalid_grant", "no client credentials user enabled", "invalid_grant_no_user"),
    ContentRule("invalid_grant", "admin approved", "invalid_app_access"),
    ContentRule("invalid_grant", "approved", "invalid_grant_not_approved"),
    ContentRule("invalid_grant", "frozen", "user_frozen"),
    ContentRule("inactive_user", "frozen", "user_frozen"),
    ContentRule("invalid_grant", "inactive user", "inactive_user"),
    ContentRule("invalid_grant", "user is inactive", "inactive_user"),
    ContentRule("invalid_grant", "client app is not installed", "app_not_found"),
    ContentRule("invalid_grant", "audience", "invalid_grant_audience"),
    ContentRule("invalid_grant", "Audience", "invalid_grant_audience"),
    ContentRule("invalid_grant", "authorization code", "invalid_grant_code"),
    ContentRule("invalid_grant", "assertion expired", "invalid_grant_clock"),
    ContentRule("invalid_grant", "expired assertion", "invalid_grant_clock"),
    ContentRule("invalid_grant", "assertion", "invalid_grant_assertion"),
    ContentRule("invalid_grant", "authentication failure", "invalid_grant_credentials"),
    ContentRule("invalid_grant", "ip restricted", "invalid_grant_ip"),
    ContentRule("invalid_grant", "IP restricted", "invalid_grant_ip"),
    ContentRule("invalid_grant", "login hours", "invalid_grant_ip"),
    ContentRule("invalid_client", "app must be installed", "app_not_found"),
    ContentRule("invalid_request", "DPoP", "DPOP_REQUIRED"),
    ContentRule("invalid_grant", "DPoP", "DPOP_REQUIRED"),
)
"""The rules in their order. The first that matches decides."""

_ALSO_CALLED = {
    "apibatchitems": "ExceededQuota",
    "apibatchitems limit exceeded": "ExceededQuota",
    "reference not found": "REFERENCE_NOT_FOUND",
    "validationerror: reference not found": "REFERENCE_NOT_FOUND",
}

_OVERLOADED = (
    "CONCURRENT_REQUESTS_EXCEEDED",
    "TOO_MANY_APEX_REQUESTS",
    "UNABLE_TO_LOCK_ROW",
    "TooManyLockFailure",
)
"""Codes that fewer simultaneous calls avoid.

Salesforce Developer Limits Quick Reference, "API Request Limits"; Apex Developer Guide, "Execution Governors and
Limits"; Record Locking Cheat Sheet.
"""

_PAUSES = {"rate_limit_exceeded": 3_600.0}
"""Seconds to pause after a code if the answer names no time. Salesforce counts logins by the hour."""

_TRANSACTION = 200
"""Rows that share the limits of one Apex transaction (Apex Developer Guide, "Bulk Apex Triggers")."""

_GONE = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND", "INVALID_ID_FIELD")
"""Codes with which Salesforce refuses to delete or update a record that does not exist (any more)."""


class Scope(StrEnum):
    """What an error is about, which decides what it stops."""

    LOGIN = "login"
    ORG = "org"
    JOB = "job"
    BATCH = "batch"
    REQUEST = "request"
    ROW = "row"


@cache
def table() -> Mapping[str, Classification]:
    """Return the classification of every known code."""
    return {
        each["code"]: Classification(
            kind=Kind(each["kind"]),
            executed=Executed(each["executed"]),
            cause=each["cause"],
            advice=each["advice"],
            attempts=int(each["attempts"]) if each["attempts"] else None,
            overloaded=each["code"] in _OVERLOADED,
        )
        for each in _lines()
    }


@cache
def scopes() -> Mapping[str, Scope]:
    """Return the scope of every known code."""
    return {each["code"]: Scope(each["scope"]) for each in _lines()}


def _lines() -> Iterator[dict[str, str]]:
    text = (files(__package__) / "codes.tsv").read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)


def normalize_code(code: str, message: str) -> str:
    """Return this plugin's code for an error, because Salesforce uses some codes for several meanings.

    The Bulk API 2.0 writes the codes of the Bulk API in capitals ("Errors").
    """
    code = _capitals().get(code, code)
    for rule in CONTENT_RULES:
        if rule.code == code and rule.text in message:
            return rule.name
    return code


@cache
def _capitals() -> Mapping[str, str]:
    """Return the codes of the Bulk API by their spelling in the Bulk API 2.0."""
    return {code.upper(): code for code in table() if code.isalpha() and not (code.isupper() or code.islower())}


def classify(error: RowError | BaseException) -> Classification | None:
    """Return what an error asks for, or None if this plugin does not know it."""
    if isinstance(error, RowError):
        return _of_row(error)
    if isinstance(error, CallFailed):
        return classify_call(error)
    return None


def classify_call(error: CallFailed) -> Classification:
    """Return what a failed call asks for. The call itself knows whether it may have been executed."""
    found = table().get(error.code) or _by_status(error)
    pause = _PAUSES.get(error.code) if error.retry_after is None else error.retry_after
    return evolve(found, executed=error.executed, retry_after=pause)


def _of_row(error: RowError) -> Classification | None:
    found = table().get(error.code) or _by_any_spelling(error.code)
    if found is None:
        return None
    known = evolve(found, executed=Executed.NO)
    if error.action in (Action.DELETE, Action.UPDATE) and error.code in _GONE:
        return evolve(known, kind=Kind.REJECTED, record_gone=True)
    if error.action is Action.MERGE and error.code == "ENTITY_IS_DELETED":
        return evolve(known, record_gone=True)
    if error.code == "CANNOT_UPDATE_CONVERTED_LEAD":
        return evolve(known, rematch=True)
    if error.code == "MERGE_PAIR_REFUSED":
        return evolve(known, max_retry_rows=1)
    if error.code == "APEX_LIMIT_EXCEEDED":
        return evolve(known, max_retry_rows=_TRANSACTION)
    if error.action is Action.UPSERT and error.code == "DUPLICATE_VALUE":
        return evolve(known, kind=Kind.TRANSIENT, attempts=2)
    return known


_LOOK_UP = "Look the code up in Salesforce's documentation, or ask Salesforce support."


def _by_status(error: CallFailed) -> Classification:
    """Return the classification of an unknown code: transient without a status or from 500 on, otherwise fatal."""
    passing = error.status is None or error.status >= 500
    cause = "Salesforce answered with a code that this plugin does not know."
    return Classification(
        kind=Kind.TRANSIENT if passing else Kind.FATAL, executed=error.executed, cause=cause, advice=_LOOK_UP
    )


@cache
def _by_any_spelling(code: str) -> Classification | None:
    """Look up a code as people write it: in any case, with a full stop, or by the words of the message."""
    asked = re.sub(r"\s+", " ", code).strip(" .").lower()
    spelt = {each.lower(): each for each in table()} | _ALSO_CALLED
    return table().get(spelt.get(asked, ""))
