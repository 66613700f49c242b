"""Log in to Salesforce by the flow that a connection is set to."""

from __future__ import annotations

from connector_salesforce.config import Config
from connector_salesforce.credentials import Login
from connector_salesforce.failure import CallFailed
from connector_salesforce.flows import ClientCredentials, Jwt, Web
from connector_salesforce.hosts import origin
from connector_salesforce.jwt_bearer import assertion
from connector_salesforce.oauth import Granted, granted
from connector_salesforce.sf_cli import cli_login
from connector_salesforce.stored_login import renewed
from connector_salesforce.transport import Transport
from connector_sdk import Host

_WRONG = 60.0
"""Seconds by which a clock is wrong enough to have an assertion refused, which is good for three minutes."""


def log_in(config: Config, transport: Transport, host: Host) -> Login:
    """A new session. Raises `CallFailed` when it is refused, `ConfigError` when this machine lacks something for it."""
    login = _session(config, transport, host)
    host.hide(login.token)
    return login


def _session(config: Config, transport: Transport, host: Host) -> Login:
    login_origin = origin(config.login_url)
    match config.auth:
        case Web() as auth:
            return renewed(auth, login_origin, transport, host)
        case ClientCredentials() as auth:
            return granted(transport, login_origin, _client_credentials(auth, host)).login(login_origin)
        case Jwt() as auth:
            return _by_assertion(auth, login_origin, transport, host).login(login_origin)
        case auth:
            return cli_login(auth, login_origin)


def _client_credentials(auth: ClientCredentials, host: Host) -> dict[str, str]:
    """Salesforce Help, "OAuth 2.0 Client Credentials Flow"."""
    secret = auth.client_secret.reveal()
    host.hide(secret)
    return {"grant_type": "client_credentials", "client_id": auth.client_id, "client_secret": secret}


def _by_assertion(auth: Jwt, login_origin: str, transport: Transport, host: Host) -> Granted:
    """Where the clock of this machine is wrong an assertion is refused; another one is made by Salesforce's clock."""
    try:
        return granted(transport, login_origin, _jwt_bearer(auth, login_origin, host))
    except CallFailed as error:
        if abs(error.clock_off) < _WRONG or not error.code.startswith("invalid_grant"):
            raise
        return granted(transport, login_origin, _jwt_bearer(auth, login_origin, host, error.clock_off))


def _jwt_bearer(auth: Jwt, login_origin: str, host: Host, clock_off: float = 0.0) -> dict[str, str]:
    """Salesforce Help, "OAuth 2.0 JWT Bearer Flow"."""
    host.hide(auth.private_key.reveal())
    signed = assertion(auth, login_origin, clock_off)
    host.hide(signed)
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed}
