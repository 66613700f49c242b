"""Open connections of a project: find the plugin, check its settings, log in, watch and redact its calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from attrs import evolve, frozen

from connector_sdk.closing import close
from connector_sdk.connection import Connection
from connector_sdk.destination import Destination, load
from connector_sdk.errors import ConfigError, Problem
from connector_sdk.observers import Observers
from connector_sdk.observing.host import RunHost
from connector_sdk.observing.redaction import Redactor
from connector_sdk.project.structure import structure
from connector_sdk.secret import secrets_in
from connector_sdk.state.shared import Shared
from connector_sdk.state.tokens import token_store
from connector_sdk.sync import Project

REDACTOR = Redactor()
"""The secrets of this process; what prints or logs passes its text through it."""


@frozen
class Opened:
    """An open connection with the destination that serves it and the host that watches it.

    Calls go through this `destination`, from any thread: the connection is closed after the last of them has returned.
    """

    destination: Destination
    connection: Connection
    host: RunHost


def find_destination(project: Project, connection: str, destinations: Mapping[str, Destination] | None) -> Destination:
    """The destination that serves a connection: one of `destinations` (by type), or an installed plugin."""
    if connection not in project.connections:
        raise ConfigError([Problem(f"there is no connection {connection}", ("connections",))])
    type_ = project.connections[connection].type
    return (destinations or {}).get(type_) or load(type_)


def prepared(project: Project, connection: str, destination: Destination, observers: Observers) -> tuple[Any, RunHost]:
    """What a destination is opened with: its settings, checked, and a host. Raises `ConfigError`.

    The secrets among the settings are hidden from here on, whatever the plugin does.
    """
    settings = project.connections[connection].settings
    config: Any = structure(destination.spec.config, settings, ("connections", connection))
    for secret in secrets_in(config):
        REDACTOR.hide(secret.reveal())
    return config, RunHost(observers, REDACTOR, token_store(project.folder, connection))


@contextmanager
def opened(project: Project, connection: str, destination: Destination, observers: Observers) -> Iterator[Opened]:
    """Log in, and log out once no call is under way any more: at the end, or when the last call has returned.

    Observers are told nothing after the end. Raises `ConfigError` when the settings are wrong or the login fails. No
    exception leaves with a known secret in it.
    """
    config, host = prepared(project, connection, destination, observers)
    with REDACTOR.cleansing(), closing(observers):
        try:
            live = destination.connect(config, host)
        except ConfigError as error:
            raise error.below("connections", connection) from None
        shared = Shared(f"connection {connection}", lambda: close(live, host.scrub))
        with shared.share():
            yield Opened(destination.with_share(shared.share), evolve(live, label=host.scrub(live.label)), host)


@contextmanager
def open_connection(
    project: Project,
    name: str,
    *,
    destinations: Mapping[str, Destination] | None = None,
    observers: Sequence[object] = (),
) -> Iterator[tuple[Destination, Connection]]:
    """Open one connection of a project, to discover what it offers.

    with open_connection(project, "crm") as (destination, connection):
        schema = destination.discover_schema(connection, "Contact")
    """
    destination = find_destination(project, name, destinations)
    with opened(project, name, destination, Observers(observers)) as live:
        yield live.destination, live.connection
