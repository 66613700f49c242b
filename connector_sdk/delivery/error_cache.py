"""The classifications of errors: the destination is asked once per code and action, and the run keeps the answer."""

from __future__ import annotations

import threading
from collections.abc import Collection

from attrs import evolve

from connector_sdk.contract.batch import Action
from connector_sdk.contract.outcome import Classification, Executed, Kind, RowError
from connector_sdk.hooks.destination import Destination


class ErrorCache:
    """The classifications of row errors and exceptions.

    Errors with one of `retry_codes` count as transient even if the plugin classifies them as rejected.
    """

    def __init__(self, destination: Destination, retry_codes: Collection[str] = ()) -> None:
        self._destination = destination
        self._retry_codes = {code.upper() for code in retry_codes}
        self._lock = threading.Lock()
        self._known: dict[tuple[str, Action], Classification] = {}

    def of_row(self, code: str, message: str, action: Action) -> Classification:
        """Return the classification of a row's error."""
        with self._lock:
            if (code, action) not in self._known:
                self._known[code, action] = self._ask(RowError(code, message, action))
            return self._known[code, action]

    def of_exception(self, hook: str, error: Exception) -> Classification:
        """Return the classification of a hook's exception. One that ends the run is logged with its traceback."""
        known = self._destination.classify_error(error)
        if known.kind is Kind.FATAL:
            self._destination.log_traceback(hook, error)
        return known

    def _ask(self, error: RowError) -> Classification:
        answer = self._destination.classify_error(error)
        if error.code.upper() in self._retry_codes and answer.kind is Kind.REJECTED:
            return evolve(answer, kind=Kind.TRANSIENT, executed=Executed.NO)
        return answer
