"""An open connection, and what the host gives to the plugin that opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from attrs import frozen

from connector_sdk.contract.batch import Anchor
from connector_sdk.contract.plan import Finding


@frozen(kw_only=True)
class Call:
    """One API call as it was made, with its secrets already redacted.

    `at` is ISO 8601 in UTC. `seconds` is the time until the response was read. Sizes are bytes on the wire. Bodies are
    text, cut at 16 KiB. If no response came, `status` is None and `error` is set. `remaining` is what the response
    said is left of the account's quota of calls.
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
    """The storage for what a connection must keep after the process ends, such as a rotated refresh token."""

    def load(self) -> str | None:
        """Return the text stored last, None if there is none."""
        ...

    def save(self, text: str) -> None:
        """Store `text`, readable by this user only. It is on disk when this returns."""
        ...

    def forget(self) -> None:
        """Delete the stored text."""
        ...

    def exclusive(self) -> AbstractContextManager[object]:
        """Exclude every other thread and process while a token is loaded, exchanged and saved."""
        ...


class Host(Protocol):
    """What the process that opens a connection offers to its plugin."""

    @property
    def tokens(self) -> TokenStore:
        """The token storage of this connection."""
        ...

    def call_finished(self, call: Call) -> None:
        """Report an API call that was made."""
        ...

    def hide(self, secret: str) -> None:
        """Redact `secret` in everything that is logged, reported or shown, until the connection is closed."""
        ...


@frozen
class ConnectionSettings:
    """A connection that is not open yet: its name, an instance of the spec's `config` class, and its host."""

    name: str
    config: Any
    host: Host


@frozen(kw_only=True)
class RunNotes:
    """The notes of a run: its sync, the connection and account that it wrote to, and its anchors, oldest first."""

    run: str
    sync: str
    connection: str
    account: str
    anchors: tuple[Anchor, ...]


class CommandSettings(Protocol):
    """What the command line offers to the commands of a plugin, as `ctx.obj`."""

    def settings_of(self, type_: str, name: str | None = None) -> ConnectionSettings:
        """Return the settings of a connection of a type. `name` may be None if the project has just one of that type.

        Raises `ConfigError` if there is no such connection, or if its settings are wrong.
        """
        ...

    def notes_of(self, run: str) -> RunNotes:
        """Return the notes of a past run, kept as long as the run. Raises `ConfigError` if there is no such run."""
        ...

    def write(self, columns: Sequence[str], records: Iterable[Mapping[str, Any]]) -> None:
        """Write records to stdout, as a table or in the format of `--output`."""
        ...

    def say(self, text: str) -> None:
        """Write a message to stderr, with known secrets redacted."""
        ...


@frozen(kw_only=True)
class Connection:
    """An open connection. `account` identifies who owns the data there (the org's id); the state is pinned to it.

    `handle` belongs to the plugin and holds what batches share. `production` is None if the plugin cannot know it.
    `findings` are facts about the connection itself that are worth knowing: `connector check` and every plan show
    them.
    """

    handle: Any
    account: str
    label: str
    production: bool | None = None
    close: Callable[[], None] = lambda: None
    findings: tuple[Finding, ...] = ()
