"""The `Host` that a plugin uses while its connection is open."""

from __future__ import annotations

import threading

from attrs import evolve

from connector_sdk.contract.connection import Call, TokenStore
from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.contract.report import CallCounts
from connector_sdk.hooks.observers import Observers
from connector_sdk.observing.redaction import Redactor


class RunHost:
    """The `Host` of one connection: it redacts calls once more, counts them, and passes them to the observers."""

    def __init__(self, observers: Observers, redactor: Redactor, tokens: TokenStore) -> None:
        self._observers = observers
        self._redactor = redactor
        self._tokens = tokens
        self._lock = threading.Lock()
        self._counts = CallCounts()

    @property
    def tokens(self) -> TokenStore:
        """The token storage of the connection."""
        return self._tokens

    @property
    def calls(self) -> CallCounts:
        """The calls made so far."""
        return self._counts

    def call_finished(self, call: Call) -> None:
        """Count a call, and pass it to the observers with every known secret replaced."""
        scrub = self._redactor.scrub
        safe = evolve(
            call,
            url=scrub(call.url),
            request_body=scrub(call.request_body),
            response_body=scrub(call.response_body),
            error=scrub(call.error),
        )
        with self._lock:
            remaining = self._counts.remaining if call.remaining is None else call.remaining
            self._counts = CallCounts(self._counts.made + 1, remaining)
        self._observers.call_finished(safe)
        crashpoint("after a call")

    @property
    def redactor(self) -> Redactor:
        """The redactor with the secrets of the connection."""
        return self._redactor

    def scrub(self, text: str) -> str:
        """Return the text with every known secret replaced."""
        return self._redactor.scrub(text)

    def begin_counting(self) -> None:
        """Restart the count of calls, because a connection may serve several runs."""
        with self._lock:
            self._counts = CallCounts(0, self._counts.remaining)

    def hide(self, secret: str) -> None:
        """Replace `secret` from now on, in calls, messages and logs."""
        self._redactor.hide(secret)
