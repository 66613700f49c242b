"""The emulator's time: the machine's, which tests may move forward."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import format_datetime


class Clock:
    """Seconds since the epoch, plus what was added by `advance`."""

    def __init__(self) -> None:
        self._added = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._added

    def advance(self, seconds: float) -> None:
        """Move time forward; sessions age, nothing sleeps."""
        self._added += seconds


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def data_time(seconds: float) -> str:
    """`2024-02-29T10:15:30.000+0000`: how REST and JSON show a datetime, to the second as Salesforce stores it."""
    return f"{_moment(seconds):%Y-%m-%dT%H:%M:%S}.000+0000"


def bulk_xml_time(seconds: float) -> str:
    """`2024-02-29T10:15:30.000Z`: how Bulk API shows a datetime in XML."""
    return f"{_moment(seconds):%Y-%m-%dT%H:%M:%S}.000Z"


def http_time(seconds: float) -> str:
    """`Thu, 29 Feb 2024 10:15:30 GMT`."""
    return format_datetime(_moment(seconds), usegmt=True)
