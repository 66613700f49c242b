"""Open a connection: check its settings, log in, and find out which org it reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from connector_salesforce.auth.auth import log_in_with
from connector_salesforce.auth.identity import Identity, identify
from connector_salesforce.config import Config, problems
from connector_salesforce.errors import codes
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.org import Org
from connector_salesforce.transport.client import Client
from connector_salesforce.transport.credentials import Credentials
from connector_salesforce.transport.hosts import origin
from connector_salesforce.transport.sending import Transport
from connector_salesforce.transport.versions import check_age, version_problems
from connector_sdk import ConfigError, Connection, ExitCode, Finding, Host, Kind, Problem


def connect(config: Config, host: Host) -> Connection:
    """Return an open connection. Raises `ConfigError` if the login cannot succeed, `CallFailed` if it may later."""
    org, found = reach(config, host)
    return Connection(
        handle=org,
        account=found.org_id,
        label=found.label,
        production=found.production,
        close=org.close,
        findings=findings_of(config, org),
    )


def findings_of(config: Config, org: Org) -> tuple[Finding, ...]:
    """Return the findings about a connection: how the login went, and whether its API version is old."""
    return (*org.client.login.findings, *check_age(config.api_version, datetime.now(UTC).date()))


def reach(config: Config, host: Host) -> tuple[Org, Identity]:
    """Log in, and return the org and its identity. Raises what `connect` raises."""
    check_config(config)
    transport = Transport(host.call_finished)
    try:
        org = Org(Client(transport, _log_in_and_explain(config, transport, host), config.api_version))
        with as_config_error("logged in to Salesforce, which then refuses every call"):
            found = identify(org)
        if found.production is None:  # the org may lack the API version
            _require([*version_problems(transport, found.instance, config.api_version)])
        org.kind = found.kind
        return org, found
    except BaseException:
        transport.close()
        raise


def _log_in_and_explain(config: Config, transport: Transport, host: Host) -> Credentials:
    """Log in. Raises `ConfigError` with the refusal and, if the API version is wrong, with that problem, too."""
    try:
        with as_config_error():
            return Credentials(log_in_with(config, transport, host))
    except ConfigError as error:
        others = list(version_problems(transport, origin(config.login_url), config.api_version))
        exit_code = ExitCode.CONFIG if others else error.exit_code
        raise ConfigError([*error.problems, *others], exit_code=exit_code) from None


def check_config(config: Config) -> None:
    """Raise `ConfigError` with all problems of the settings that are known without a call."""
    _require(list(problems(config)))


def _require(found: Sequence[Problem]) -> None:
    if found:
        raise ConfigError(found)


@contextmanager
def as_config_error(what: str = "cannot log in to Salesforce") -> Iterator[None]:
    """Turn a refused login into a `ConfigError` that says what an admin must do.

    Raises a `CallFailed` unchanged if the login may succeed later.
    """
    try:
        yield
    except CallFailed as error:
        known = codes.classify_call(error)
        if known.kind is not Kind.FATAL:
            raise
        problem = Problem(f"{what}: {error}", ("auth",), f"{known.cause} {known.advice}")
        raise ConfigError([problem], exit_code=ExitCode.UNREACHABLE) from None
