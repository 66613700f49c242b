"""Open the connections of a project: find the plugin, check its settings, log in, watch and redact its calls."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from attrs import evolve, frozen

from connector_sdk.contract.connection import Connection
from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.plan import Finding
from connector_sdk.contract.project import Project
from connector_sdk.contract.secret import secrets_in
from connector_sdk.hooks.closing import close
from connector_sdk.hooks.destination import Destination
from connector_sdk.hooks.observers import Observers, observer_problems
from connector_sdk.hooks.plugins import load
from connector_sdk.observing.host import RunHost
from connector_sdk.observing.redaction import OpenRedactors, RedactingHandler, Redactor
from connector_sdk.project.arguments import checks_arguments
from connector_sdk.settings.structure import structure
from connector_sdk.settings.suggest import suggestion
from connector_sdk.state.shared import Shared
from connector_sdk.state.tokens import token_store

REDACTORS = OpenRedactors()
"""The redactors of the connections that are open in this process. All printed or logged text passes through them."""

logging.getLogger("connector_sdk").addHandler(RedactingHandler(REDACTORS))


@frozen
class OpenConnection:
    """An open connection with the destination that serves it and the host that watches it.

    Calls go through this `destination`, from any thread. The connection closes after the last of them has returned.
    """

    destination: Destination
    connection: Connection
    host: RunHost


def find_destination(project: Project, connection: str, destinations: Mapping[str, Destination] | None) -> Destination:
    """Return the destination that serves a connection: one of `destinations` (by type), or an installed plugin."""
    if connection not in project.connections:
        hint = suggestion(connection, list(project.connections))
        raise ConfigError([Problem(f"there is no connection {connection}", ("connections",), hint)])
    type_ = project.connections[connection].type
    try:
        return (destinations or {}).get(type_) or load(type_)
    except ConfigError as error:
        raise error.with_prefix("connections", connection, "type") from None


def prepare_connection(
    project: Project, connection: str, destination: Destination, observers: Observers
) -> tuple[Any, RunHost]:
    """Return the checked settings of a connection, and a host for it. Raises `ConfigError` if the settings are wrong.

    The host's redactor knows the secrets in the settings, whatever the plugin does.
    """
    settings = project.connections[connection].settings
    config: Any = structure(destination.spec.config, settings, ("connections", connection))
    redactor = Redactor()
    for secret in secrets_in(config):
        redactor.hide(secret.reveal())
    return config, RunHost(observers, redactor, token_store(project.folder, connection))


@contextmanager
def hold_connection(
    project: Project, connection: str, destination: Destination, observers: Observers
) -> Iterator[OpenConnection]:
    """Log in, and log out once no call is in progress: at the end, or when the last call has returned.

    Observers receive nothing after the end. Raises `ConfigError` if the settings are wrong or the login fails.
    Exceptions leave without the secrets of the connection. When the connection closes, its redactor leaves
    `REDACTORS`. Calls that are still reported to the host are redacted even then.
    """
    config, host = prepare_connection(project, connection, destination, observers)
    with host.redactor.cleanse_errors(), closing(observers):
        logged_in = _log_in(destination, config, host, connection)
        shared = Shared(f"connection {connection}", lambda: _close(logged_in, host))
        with shared.share():
            named = evolve(logged_in, label=host.scrub(logged_in.label))
            yield OpenConnection(destination.with_share(shared.share), named, host)


def _log_in(destination: Destination, config: Any, host: RunHost, connection: str) -> Connection:
    REDACTORS.add(host.redactor)
    try:
        return destination.connect(config, host)
    except BaseException as error:
        REDACTORS.remove(host.redactor)
        if isinstance(error, ConfigError):
            raise error.with_prefix("connections", connection) from error.__cause__
        raise


def scrub_findings(findings: Iterable[Finding], scrub: Callable[[str], str]) -> tuple[Finding, ...]:
    """Return findings of a destination with every known secret redacted."""
    return tuple(evolve(each, message=scrub(each.message), advice=scrub(each.advice)) for each in findings)


def _close(connection: Connection, host: RunHost) -> None:
    try:
        close(connection, host.scrub)
    finally:
        REDACTORS.remove(host.redactor)


@checks_arguments(observer_problems)
@contextmanager
def open_connection(
    project: Project,
    name: str,
    *,
    destinations: Mapping[str, Destination] | None = None,
    observers: Sequence[object] = (),
) -> Iterator[tuple[Destination, Connection]]:
    """Open one connection of a project, for example to discover its objects.

    with open_connection(project, "crm") as (destination, connection):
        schema = destination.discover_schema(connection, "Contact")
    """
    destination = find_destination(project, name, destinations)
    with hold_connection(project, name, destination, Observers(observers)) as opened:
        yield opened.destination, opened.connection
