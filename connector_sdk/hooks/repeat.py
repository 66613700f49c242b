"""Repeat calls to a destination that write nothing, if they fail with an error that may pass."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, frozen

from connector_sdk.contract.errors import ConnectorError, NotExecuted
from connector_sdk.contract.outcome import Classification, Executed, Kind, RowError

if TYPE_CHECKING:
    from tenacity import RetryCallState

FIRST_PAUSE = 0.5
"""The longest wait before the second attempt, in seconds."""

_ATTEMPTS = 4
_LONGEST_PAUSE = 2.0
"""The number of attempts, and the longest wait before any of them, in seconds."""

T = TypeVar("T")

TRACEBACKS = "connector_sdk.tracebacks"
"""The logger for the tracebacks of errors that users see elsewhere in one line."""

log = logging.getLogger(__name__)


@frozen
class Questions:
    """The calls to the destination `name` that write nothing. `classify` classifies their errors."""

    name: str
    classify: Callable[[RowError | BaseException], Classification]

    def ask(self, hook: str, call: Callable[[], T]) -> T:
        """Call until there is an answer, an error that lasts, or the last of `_ATTEMPTS` errors."""
        from tenacity import Retrying, retry_if_exception, stop_after_attempt  # imported here to start faster

        retrying = Retrying(
            retry=retry_if_exception(self._may_pass),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=self._pause,
            before_sleep=lambda state: self._log(hook, state),
            reraise=True,
        )
        answer: T = retrying(call)
        return answer

    def understand(self, error: BaseException) -> Classification:
        """Classify the error of a call.

        The code of a `NotExecuted` error is classified. No row caused it, so an error that would reject a row counts
        as one that may pass.
        """
        if not isinstance(error, NotExecuted):
            return self.classify(error)
        known = self.classify(RowError(error.code, error.message, None))
        kind = Kind.THROTTLED if known.kind is Kind.REJECTED else known.kind
        after = known.retry_after if error.retry_after is None else error.retry_after
        return evolve(known, kind=kind, executed=Executed.NO, retry_after=after)

    def _may_pass(self, error: BaseException) -> bool:
        """Return whether the same call may succeed within the time that repeating it takes."""
        if not isinstance(error, Exception) or isinstance(error, ConnectorError):
            return False
        known = self.understand(error)
        return known.kind in (Kind.TRANSIENT, Kind.THROTTLED) and (known.retry_after or 0) <= _LONGEST_PAUSE

    def _pause(self, state: RetryCallState) -> float:
        """Return the seconds to wait before the next attempt, at least as many as the destination asks for."""
        from tenacity import wait_random_exponential

        wanted = self.understand(_failure(state)).retry_after or 0
        return max(wait_random_exponential(FIRST_PAUSE, _LONGEST_PAUSE)(state), wanted)

    def _log(self, hook: str, state: RetryCallState) -> None:
        error, pause = _failure(state), state.next_action.sleep if state.next_action else 0
        log.info(
            "destination %s: %s failed in passing and is asked again in %.2f s (try %d of %d): %s: %s",
            self.name, hook, pause, state.attempt_number + 1, _ATTEMPTS, type(error).__name__, error,
        )  # fmt: skip


def _failure(state: RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome else None
    assert error is not None
    return error
