"""Open a connection: check its settings, log in, and find out whose org it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connector_salesforce import codes
from connector_salesforce.auth import log_in
from connector_salesforce.client import Client
from connector_salesforce.config import Config, problems
from connector_salesforce.credentials import Credentials
from connector_salesforce.failure import CallFailed
from connector_salesforce.identity import Identity, identify
from connector_salesforce.org import Org
from connector_salesforce.transport import Transport
from connector_sdk import ConfigError, Connection, ExitCode, Host, Kind, Problem


def connect(config: Config, host: Host) -> Connection:
    """An open connection. Raises `ConfigError` when logging in cannot succeed, `CallFailed` when it may later."""
    org, found = reach(config, host)
    return Connection(org, found.org_id, found.label, found.production, org.close)


def reach(config: Config, host: Host) -> tuple[Org, Identity]:
    """An org, logged in to, and whose it is. Raises what `connect` raises."""
    checked(config)
    transport = Transport(host.call_finished)
    try:
        with explained():
            credentials = Credentials(lambda: log_in(config, transport, host))
        org = Org(Client(transport, credentials, config.api_version))
        found = identify(org)
        org.kind = found.kind
        return org, found
    except BaseException:
        transport.close()
        raise


def checked(config: Config) -> None:
    """Raises `ConfigError` with all that keeps a connection from being opened, as far as that is known."""
    found = list(problems(config))
    if found:
        raise ConfigError(found)


@contextmanager
def explained() -> Iterator[None]:
    """A login that is refused is told with what an admin has to do; one that may succeed later stays as it is."""
    try:
        yield
    except CallFailed as error:
        known = codes.classify_call(error)
        if known.kind is not Kind.FATAL:
            raise
        problem = Problem(f"cannot log in to Salesforce: {error}", ("auth",), known.advice)
        raise ConfigError([problem], exit_code=ExitCode.UNREACHABLE) from None
