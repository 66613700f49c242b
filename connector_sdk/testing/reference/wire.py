"""Rows as they travel to the service and back: requests, answers, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import asdict, frozen

from connector_sdk.contract.errors import Portable

Line = Mapping[str, Any]
"""A row as it travels: `id` of its record, `set` fields to values, `by` fields to the key field of a reference; `into`
which record it is merged."""


@frozen
class Request:
    """Rows to write, as they travel."""

    object_name: str
    action: str
    lines: Sequence[Line]
    match_field: str | None = None

    def json(self) -> str:
        """The body of the request."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, body: str) -> Request:
        """The request in a body."""
        return cls(**json.loads(body))


@frozen
class Answer:
    """What became of a row. `fields` are those to blame."""

    status: str = "succeeded"
    record_id: str | None = None
    created: bool | None = None
    code: str | None = None
    message: str | None = None
    fields: str | None = None


class RefusedError(Portable, Exception):
    """A row is refused, with a code."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


def as_json(answers: Iterable[Answer]) -> str:
    """Answers as they travel back."""
    return json.dumps([asdict(each) for each in answers])
