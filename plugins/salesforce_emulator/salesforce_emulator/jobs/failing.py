"""The reason why a whole batch fails: the `stateMessage` of its batchInfo."""

from __future__ import annotations

from salesforce_emulator.portable import Portable


class BatchFailed(Portable, Exception):
    """A batch that fails as a whole, before any of its rows is processed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.state_message = f"{code} : {message}"


def no_field(name: str) -> BatchFailed:
    """Return the error of a batch with an unknown or hidden column."""
    return BatchFailed("InvalidBatch", f"Field name not found : {name}")
