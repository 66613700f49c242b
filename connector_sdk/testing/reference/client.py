"""The client of the service, which reports each call to the host."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from connector_sdk import Call, Host, NotExecuted, Stale
from connector_sdk.testing.reference.jobs import Reply
from connector_sdk.testing.reference.service import LostAnswerError
from connector_sdk.testing.reference.store import Store

_SHOWN = 16_384
"""How many characters of a body the client reports to the host."""


@frozen
class Client:
    """A logged-in client, safe to use from any thread."""

    store: Store
    host: Host

    def call(self, name: str, **arguments: Any) -> Reply:
        """Make a call and report it. Raises what the service raises."""
        at, started = datetime.now(UTC).isoformat(), time.monotonic()
        body = json.dumps(arguments)
        try:
            reply = self.store.request(name, **arguments)
        except (NotExecuted, Stale, ConnectionError) as error:
            status = None if isinstance(error, ConnectionError) else 409
            self._tell(name, at, started, status, body, "", str(error))
            raise
        self._tell(name, at, started, 200, body, json.dumps(reply), "")
        return reply

    def ask(self, name: str, **arguments: Any) -> Reply:
        """Make a call about a batch that may have been executed.

        Raises `LostAnswerError` if the service refuses the call, since that says nothing about the batch.
        """
        try:
            return self.call(name, **arguments)
        except NotExecuted as refused:
            raise LostAnswerError(refused.message) from refused

    def _tell(self, name: str, at: str, started: float, status: int | None, body: str, reply: str, error: str) -> None:
        self.host.call_finished(
            Call(
                at=at,
                method="POST",
                url=f"reference://{self.store.account}/{name}",
                status=status,
                seconds=time.monotonic() - started,
                request_bytes=len(body),
                response_bytes=len(reply),
                request_body=body[:_SHOWN],
                response_body=reply[:_SHOWN],
                error=error,
                remaining=self.store.calls_left,
            )
        )
