"""Check the shape of an answer before other code trusts it: which members it has, and of which kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.ids import to18
from connector_sdk import Executed


@frozen
class MemberKind:
    """A kind of member: its name in words, and its check. A missing member is checked as null."""

    words: str
    holds: Callable[[Any], bool]


Shape = Mapping[str, MemberKind]
"""The members that an answer must have. Other members are ignored."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PREFIX = re.compile(r"[A-Za-z0-9]{3}")
_SHOWN = 60

TEXT = MemberKind("a text", lambda value: isinstance(value, str))
NAME = MemberKind("an API name", lambda value: isinstance(value, str) and _NAME.fullmatch(value) is not None)
FLAG = MemberKind("true or false", lambda value: isinstance(value, bool))
COUNT = MemberKind("a count", lambda value: type(value) is int and value >= 0)
NUMBER = MemberKind("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool))
LIST = MemberKind("a list", lambda value: isinstance(value, list))
OBJECT = MemberKind("an object", lambda value: isinstance(value, dict))
ID = MemberKind("an id of Salesforce", lambda value: isinstance(value, str) and to18(value) is not None)
LIKE_ID = MemberKind(
    "of the form of ids", lambda value: isinstance(value, str) and len(value) in (15, 18) and value.isalnum()
)
"""A quick check for many ids, which are checked together later."""
PREFIX = MemberKind(
    "the first three characters of ids", lambda value: isinstance(value, str) and _PREFIX.fullmatch(value) is not None
)
TEXTS = MemberKind("a list of texts", lambda value: isinstance(value, list) and all(map(TEXT.holds, value)))
NAMES = MemberKind("a list of API names", lambda value: isinstance(value, list) and all(map(NAME.holds, value)))


def optional(kind: MemberKind) -> MemberKind:
    """Return the kind of a member that may be missing or null."""
    return MemberKind(f"{kind.words} or null", lambda value: value is None or kind.holds(value))


def list_of(shape: Shape) -> MemberKind:
    """Return the kind of a list of objects that all have a shape."""
    return MemberKind(
        "a list of objects of the expected form",
        lambda value: isinstance(value, list) and not any(_describe_mismatch(each, shape) for each in value),
    )


def require_object(said: Any, shape: Shape, about: str, executed: Executed = Executed.NO) -> dict[str, Any]:
    """Return an answer, or a part of it, that is an object of a shape. Raises `CallFailed` for any other.

    `about` names the answer in the message. `executed` says whether the failed call may have been executed.
    """
    problem = _describe_mismatch(said, shape)
    if problem:
        raise unreadable(f"{about} {problem}", executed)
    found: dict[str, Any] = said
    return found


def require_list(said: Any, shape: Shape, about: str, executed: Executed = Executed.NO) -> list[dict[str, Any]]:
    """Return an answer, or a part of it, that is a list of objects of a shape. Raises `CallFailed` for any other."""
    if not isinstance(said, list):
        raise unreadable(f"{about} is {_format_value(said)}, not a list", executed)
    for number, each in enumerate(said, 1):
        problem = _describe_mismatch(each, shape)
        if problem:
            raise unreadable(f"{about}: number {number:,} {problem}", executed)
    return said


def unreadable(why: str, executed: Executed, *, status: int | None = None) -> CallFailed:
    """Return the failure of a call whose answer cannot be used."""
    return CallFailed("ANSWER_UNREADABLE", f"Salesforce's answer cannot be used: {why}", executed, status=status)


def _describe_mismatch(answer: Any, shape: Shape) -> str:
    """Return how an answer differs from a shape, as the end of a sentence ("has no id"); empty if it fits."""
    if not isinstance(answer, dict):
        return f"is {_format_value(answer)}, not an object"
    for name, kind in shape.items():
        if not kind.holds(answer.get(name)):
            return (
                f"has no {name}"
                if name not in answer
                else f"has the {name} {_format_value(answer[name])}, not {kind.words}"
            )
    return ""


def _format_value(value: Any) -> str:
    """Return a value for a message: the beginning of a plain value, or what kind any other is."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value):,}"
    return repr(value)[:_SHOWN]
