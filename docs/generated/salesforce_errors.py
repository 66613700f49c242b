"""The page of Salesforce's error codes, made from the table by which the plugin classifies them."""

from __future__ import annotations

from collections.abc import Iterator

from connector_salesforce.errors.codes import CONTENT_RULES, Scope, scopes, table

from connector_sdk import Classification, Kind

_HEAD = """\
# Errors

This page lists the error codes of Salesforce's APIs and logins, and those that the plugin adds. For each code it says
what the run does, what causes the error, and what to do about it.

- `connector explain CODE` says the same. You can write a code in upper or lower case.
- A code that is not listed rejects its row, with Salesforce's own message.

`make docs` writes this page from `connector_salesforce/errors/codes.tsv`.
"""

_ABOUT = {
    Scope.LOGIN: ("Logins and sessions", "Nothing can be sent until an admin or a user has acted."),
    Scope.ORG: ("The org and its limits", "These concern all batches. A stopped run resumes where it stopped."),
    Scope.JOB: ("Jobs and objects", "These concern all rows of the sync."),
    Scope.BATCH: ("Batches", "These concern the rows of one batch."),
    Scope.REQUEST: ("Calls", "These concern one call. The run finds out whether it was executed before it repeats it."),
    Scope.ROW: ("Rows", "These concern one row. The other rows of its batch are written."),
}

_DOES = {
    Kind.TRANSIENT: "tries again",
    Kind.THROTTLED: "tries again, slower and smaller",
    Kind.REJECTED: "rejects the row",
    Kind.FATAL: "stops",
}


def page() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *(line for scope in Scope for line in _section(scope)), *_by_message()])


def _section(scope: Scope) -> Iterator[str]:
    title, about = _ABOUT[scope]
    yield f"## {title}\n\n{about}\n\n| Code | The run | Cause | What to do |\n|---|---|---|---|"
    for code, known in table().items():
        if scopes()[code] is scope:
            yield _line(code, known)
    yield ""


def _line(code: str, known: Classification) -> str:
    cells = (f"`{code}`", _DOES[known.kind], known.cause, known.advice)
    return f"| {' | '.join(each.replace('|', chr(92) + '|') for each in cells)} |"


def _by_message() -> Iterator[str]:
    yield "## Codes with several meanings\n"
    yield "Some of Salesforce's codes mean different things. The words of the message decide which code is reported."
    yield "The message still holds Salesforce's own code.\n"
    yield "| Salesforce's code | Words in the message | Reported as |\n|---|---|---|"
    for each in CONTENT_RULES:
        yield f"| `{each.code}` | {each.text} | `{each.name}` |"
    yield ""
