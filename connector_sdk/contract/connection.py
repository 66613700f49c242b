"""An opened destination, and what the host gives to the plugin that opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from attrs import frozen

from connector_sdk.contract.batch import Anchor
from connector_sdk.contract.plan import Finding


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

    def forget(self) -> None:
        """Keep nothing any more."""
        ...

    def exclusive(self) -> AbstractContextManager[object]:
        """Keep every other thread and process out while a token is loaded, exchanged and saved."""
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
        """Replace `secret` wherever it would be logged, reported or shown, from now until the connection is closed."""
        ...


@frozen
class ConnectionSettings:
    """A connection that is not opened yet: its name, an instance of the spec's `config` class, and a host for it."""

    name: str
    config: Any
    host: Host


@frozen
class RunNotes:
    """What a run noted at its destination: its sync, the connection and account that it wrote to, and its anchors,
    oldest first.
    """

    run: str
    sync: str
    connection: str
    account: str
    anchors: tuple[Anchor, ...]


class CommandSettings(Protocol):
    """What the command line gives to a command of a plugin, as `ctx.obj`."""

    def settings_of(self, type_: str, name: str | None = None) -> ConnectionSettings:
        """The settings of a connection of a type; `name` may be None where the project has one of that type.

        Raises `ConfigError` when there is none, or none of that name, or its settings are wrong.
        """
        ...

    def notes_of(self, run: str) -> RunNotes:
        """What a past run noted; kept as long as the run is. Raises `ConfigError` when there is none."""
        ...

    def write(self, columns: Sequence[str], records: Iterable[Mapping[str, Any]]) -> None:
        """Write records to stdout, as a table or as --output says."""
        ...

    def say(self, text: str) -> None:
        """Write a message to stderr, without known secrets."""
        ...


@frozen
class Connection:
    """An opened destination. `account` identifies who owns the data there (the org's id) and is pinned in the state.

    `handle` is the plugin's own; what batches share lives in it. `production` is None where that cannot be told.
    `findings` are worth knowing about the connection itself: `connector check` and every plan show them.
    """

    handle: Any
    account: str
    label: str
    production: bool | None
    close: Callable[[], None]
    findings: tuple[Finding, ...] = ()
