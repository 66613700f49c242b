"""Log in to Salesforce by the flow that a connection sets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from connector_salesforce.auth.jwt_bearer import JwtBearer
from connector_salesforce.auth.oauth import request_token
from connector_salesforce.auth.sf_cli import cli_login
from connector_salesforce.auth.stored_login import renew
from connector_salesforce.config import Config
from connector_salesforce.flows import ClientCredentials, Jwt, Web
from connector_salesforce.transport.credentials import Login
from connector_salesforce.transport.hosts import origin
from connector_salesforce.transport.sending import Transport
from connector_sdk import Host

LogIn = Callable[[], Login]
"""A function that returns a new session. It raises `CallFailed` if Salesforce refuses the login."""


def log_in_with(config: Config, transport: Transport, host: Host) -> LogIn:
    """Return the function that logs in for a connection, once for each session.

    The function remembers what one login has shown, such as the accepted audience, for the next login.
    """
    start = _flow(config, transport, host)

    def log_in() -> Login:
        login = start()
        host.hide(login.token)
        return login

    return log_in


def _flow(config: Config, transport: Transport, host: Host) -> LogIn:
    login_origin = origin(config.login_url)
    match config.auth:
        case Web() as auth:
            return partial(renew, auth, login_origin, transport, host)
        case ClientCredentials() as auth:
            return partial(_by_client_credentials, auth, login_origin, transport, host)
        case Jwt() as auth:
            return JwtBearer(auth, login_origin, transport, host).log_in
        case auth:
            return partial(cli_login, auth, login_origin)


def _by_client_credentials(auth: ClientCredentials, login_origin: str, transport: Transport, host: Host) -> Login:
    """Log in with the key and secret of the app (Salesforce Help, "OAuth 2.0 Client Credentials Flow")."""
    secret = auth.client_secret.reveal()
    host.hide(secret)
    form = {"grant_type": "client_credentials", "client_id": auth.client_id, "client_secret": secret}
    return request_token(transport, login_origin, form).login(login_origin)
