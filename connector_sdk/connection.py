"""An opened destination, and what the host gives to the plugin that opens it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from attrs import frozen


@frozen
class Call:
    """One API call as it was made: secrets are redacted before this exists.

    `at` is ISO 8601 in UTC, `seconds` the time until the answer was read, sizes are bytes on the wire. Bodies are
    text, cut at 16 KiB. `status` is None and `error` is set when no answer came. `remaining` is what the answer said
    is left of the account's quota of calls.
    """

    at: str
    method: str
    url: str
    status: int | None
    seconds: float
    request_bytes: int
    response_bytes: int
    request_body: str = ""
    response_body: str = ""
    error: str = ""
    remaining: int | None = None


class TokenStore(Protocol):
    """Where a connection keeps what must survive the process, such as a rotated refresh token."""

    def load(self) -> str | None:
        """The text stored last, None if there is none."""
        ...

    def save(self, text: str) -> None:
        """Store `text`, readable by this user only; on disk when this returns."""
        ...


class Host(Protocol):
    """What a plugin may ask of the process that opens its connection."""

    @property
    def tokens(self) -> TokenStore:
        """The token storage of this connection."""
        ...

    def call_finished(self, call: Call) -> None:
        """Tell that an API call was made."""
        ...

    def hide(self, secret: str) -> None:
        """From now on, replace `secret` wherever it would be logged, reported or shown."""
        ...


@frozen
class Connection:
    """An opened destination. `account` identifies who owns the data there (the org's id) and is pinned in the state.

    `handle` is the plugin's own; what batches share lives in it. `production` is None where that cannot be told.
    """

    handle: Any
    account: str
    label: str
    production: bool | None
    close: Callable[[], None]
