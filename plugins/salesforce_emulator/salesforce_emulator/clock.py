"""The emulator's clock: the system time, which tests can move forward."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import format_datetime


class Clock:
    """The current time: the system time plus the seconds added by `advance`."""

    def __init__(self) -> None:
        self._added = 0.0

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time() + self._added

    def advance(self, seconds: float) -> None:
        """Move the time forward without waiting."""
        self._added += seconds


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def data_time(seconds: float) -> str:
    """Format a datetime as REST and JSON do: `2024-02-29T10:15:30.000+0000`.

    Salesforce stores whole seconds.
    """
    return f"{_moment(seconds):%Y-%m-%dT%H:%M:%S}.000+0000"


def bulk_xml_time(seconds: float) -> str:
    """Format a datetime as the XML of Bulk API does: `2024-02-29T10:15:30.000Z`."""
    return f"{_moment(seconds):%Y-%m-%dT%H:%M:%S}.000Z"


def http_time(seconds: float) -> str:
    """Format a datetime as HTTP headers do: `Thu, 29 Feb 2024 10:15:30 GMT`."""
    return format_datetime(_moment(seconds), usegmt=True)
