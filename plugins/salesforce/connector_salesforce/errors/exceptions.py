"""A call that failed, and whether Salesforce may have executed it."""

from __future__ import annotations

from connector_sdk import Executed, Portable


class CallFailed(Portable, Exception):
    """An API call failed. `code` is one of the table of codes, or Salesforce's own where the table has none.

    `executed` is NO only where that is proven. `retry_after` is in seconds, None where the answer names no time.
    `clock_off` is by how many seconds the server's clock is ahead of this machine's, 0 where the answer does not tell.
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
        """Return the same failure under another code, or with other words."""
        return CallFailed(
            code, message, self.executed,
            status=self.status, retry_after=self.retry_after, clock_off=self.clock_off,
        )  # fmt: skip

    def about_batch(self, executed: Executed) -> CallFailed:
        """The same failure, with what it means for the batch that the call was made for.

        A refused poll was certainly not executed, yet the batch that it asks about may have been.
        """
        return CallFailed(self.code, self.message, executed, status=self.status, retry_after=self.retry_after)
