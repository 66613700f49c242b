"""Ask a destination what writes nothing: again, where it failed in passing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, frozen

from connector_sdk.contract.errors import ConnectorError, NotExecuted
from connector_sdk.contract.outcome import Classification, Executed, Kind, RowError

if TYPE_CHECKING:
    from tenacity import RetryCallState

_ATTEMPTS = 4
_PAUSE = 0.5
_LONGEST_PAUSE = 2.0
"""How often a question is asked, and how long it is waited before the second time and at most, in seconds."""

T = TypeVar("T")

TRACEBACKS = "connector_sdk.tracebacks"
"""The logger of errors that are told in one line elsewhere: where they arose."""

log = logging.getLogger(__name__)


@frozen
class Questions:
    """Asks the destination `name`; `classify` is what it says of its errors."""

    name: str
    classify: Callable[[RowError | BaseException], Classification]

    def ask(self, hook: str, call: Callable[[], T]) -> T:
        """Ask until there is an answer, a failure that lasts, or the last of `_ATTEMPTS` failures."""
        from tenacity import Retrying, retry_if_exception, stop_after_attempt  # only what fails needs it

        retrying = Retrying(
            retry=retry_if_exception(self._passes),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=self._pause,
            before_sleep=lambda state: self._log(hook, state),
            reraise=True,
        )
        answer: T = retrying(call)
        return answer

    def understand(self, error: BaseException) -> Classification:
        """Say what a question that failed asks for.

        `NotExecuted` says so by its code. No row is to blame there, so what is not known to last may pass.
        """
        if not isinstance(error, NotExecuted):
            return self.classify(error)
        known = self.classify(RowError(error.code, error.message, None))
        kind = Kind.THROTTLED if known.kind is Kind.REJECTED else known.kind
        after = known.retry_after if error.retry_after is None else error.retry_after
        return evolve(known, kind=kind, executed=Executed.NO, retry_after=after)

    def _passes(self, error: BaseException) -> bool:
        """Whether the same question may be answered within the time that asking again takes."""
        if not isinstance(error, Exception) or isinstance(error, ConnectorError):
            return False
        known = self.understand(error)
        return known.kind in (Kind.TRANSIENT, Kind.THROTTLED) and (known.retry_after or 0) <= _LONGEST_PAUSE

    def _pause(self, state: RetryCallState) -> float:
        """Seconds before the next try, at least as many as the destination asks for."""
        from tenacity import wait_random_exponential

        wanted = self.understand(_failure(state)).retry_after or 0
        return max(wait_random_exponential(_PAUSE, _LONGEST_PAUSE)(state), wanted)

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
