"""The page of Salesforce's error codes, made of the table by which the plugin classifies them."""

from __future__ import annotations

from collections.abc import Iterator

from connector_salesforce.errors.codes import CONTENT_RULES, Scope, scopes, table

from connector_sdk import Classification, Kind

_HEAD = """\
# Errors of Salesforce

Every code that Salesforce's APIs and logins answer with, and those that the plugin adds: what the run does, what causes
it, what to do about it. `connector explain CODE` says the same; codes may be written in any case.
A code that is in no table rejects its row, with Salesforce's words.

This page is written by `make docs` from `connector_salesforce/codes.tsv`.
"""

_ABOUT = {
    Scope.LOGIN: ("Logins and sessions", "Nothing can be sent until an admin or a user has done something."),
    Scope.ORG: ("The org and its limits", "All batches are concerned; a run that stops goes on where it stopped."),
    Scope.JOB: ("Jobs and objects", "All rows of the sync are concerned."),
    Scope.BATCH: ("Batches", "The rows of one batch are concerned."),
    Scope.REQUEST: ("Calls", "One call is concerned; whether it was executed is found out before it is repeated."),
    Scope.ROW: ("Rows", "One row is concerned, the others of its batch are written."),
}

_DOES = {
    Kind.TRANSIENT: "tries again",
    Kind.THROTTLED: "tries again, slower and smaller",
    Kind.REJECTED: "rejects the row",
    Kind.FATAL: "stops",
}


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for scope in Scope for line in _section(scope)), *_told_apart()])


def _section(scope: Scope) -> Iterator[str]:
    title, about = _ABOUT[scope]
    yield f"## {title}\n\n{about}\n\n| code | the run | cause | what to do |\n|---|---|---|---|"
    for code, known in table().items():
        if scopes()[code] is scope:
            yield _line(code, known)
    yield ""


def _line(code: str, known: Classification) -> str:
    cells = (f"`{code}`", _DOES[known.kind], known.cause, known.advice)
    return f"| {' | '.join(each.replace('|', chr(92) + '|') for each in cells)} |"


def _told_apart() -> Iterator[str]:
    yield "## Codes that mean unlike things\n"
    yield "Where the message holds these words, the code is told as another, with Salesforce's own in the message.\n"
    yield "| Salesforce's code | words | told as |\n|---|---|---|"
    for each in CONTENT_RULES:
        yield f"| `{each.code}` | {each.text} | `{each.name}` |"
    yield ""
