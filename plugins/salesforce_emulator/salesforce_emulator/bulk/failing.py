"""Why a whole batch fails: the `stateMessage` of its batchInfo."""

from __future__ import annotations

from salesforce_emulator.portable import Portable


class BatchFailed(Portable, Exception):
    """No row of the batch can be processed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.state_message = f"{code} : {message}"


def no_field(name: str) -> BatchFailed:
    """An unknown or hidden column fails the batch."""
    return BatchFailed("InvalidBatch", f"Field name not found : {name}")
