"""The error of a failed call, which says whether Salesforce may have executed it."""

from __future__ import annotations

from connector_sdk import Executed, Portable


class CallFailed(Portable, Exception):
    """A failed API call. `code` comes from the table of codes, or from Salesforce if the table does not have it.

    `executed` is NO only if that is proven. `retry_after` is in seconds, or None if the answer names no time.
    `clock_off` is how many seconds the server's clock is ahead of this machine's, or 0 if unknown.
    """

    def __init__(
        self,
        code: str,
        message: str,
        executed: Executed,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        clock_off: float = 0.0,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.executed = executed
        self.status = status
        self.retry_after = retry_after
        self.clock_off = clock_off

    def with_code(self, code: str, message: str) -> CallFailed:
        """Return the same failure with another code and message."""
        return CallFailed(
            code, message, self.executed,
            status=self.status, retry_after=self.retry_after, clock_off=self.clock_off,
        )  # fmt: skip

    def about_batch(self, executed: Executed) -> CallFailed:
        """Return the same failure with what it means for the batch of the call.

        A refused poll was certainly not executed, but the batch that it asks about may have been.
        """
        return CallFailed(self.code, self.message, executed, status=self.status, retry_after=self.retry_after)
