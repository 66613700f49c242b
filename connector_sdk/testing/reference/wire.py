"""The messages between plugin and service: requests, answers and refusals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import asdict, frozen

from connector_sdk.contract.errors import Portable

Line = Mapping[str, Any]
"""A row of a request.

`id` is the record's id, `set` maps fields to values, `by` maps reference fields to the key field of the target, and
`into` is the record to merge into.
"""


@frozen
class Request:
    """A request to write rows."""

    object_name: str
    action: str
    lines: Sequence[Line]
    match_field: str | None = None

    def json(self) -> str:
        """Return the body of the request."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, body: str) -> Request:
        """Parse a body."""
        return cls(**json.loads(body))


@frozen
class Answer:
    """The answer to a row. `fields` are the fields that caused an error."""

    status: str = "succeeded"
    record_id: str | None = None
    created: bool | None = None
    code: str | None = None
    message: str | None = None
    fields: str | None = None


class RefusedError(Portable, Exception):
    """A refused row, with a code."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


def as_json(answers: Iterable[Answer]) -> str:
    """Return answers as the body of a reply."""
    return json.dumps([asdict(each) for each in answers])
