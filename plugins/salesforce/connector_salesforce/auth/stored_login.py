"""Store the login that a person gave in the browser, and renew its session.

Salesforce Help, "OAuth 2.0 Refresh Token Flow": with rotation, a refresh token is valid for one use. The new token is
therefore stored before the session is used. "Force one-time-use Refresh Tokens" (005316711): if a token is used twice,
all logins of the app end. Salesforce answers all of these cases in the same words.
"""

from __future__ import annotations

import json
import time

from attrs import asdict, evolve, field, frozen

from connector_salesforce.auth.oauth import Granted, request_token
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import Web
from connector_salesforce.transport.credentials import Login
from connector_salesforce.transport.sending import Transport
from connector_sdk import Executed, Host, TokenStore

_DAY = 86_400.0
_IDLE_DAYS = 30
"""Days without use after which a refresh token may expire ("Refresh Token Policies")."""


@frozen
class StoredLogin:
    """A refresh token, the login host that granted it, and the app that it belongs to.

    `used_at` is when it last gave a session, in seconds since 1970 and exact to the day, or 0 if unknown. `rotates` is
    true if the app has replaced a token before.
    """

    login_url: str
    client_id: str
    refresh_token: str = field(repr=False)
    used_at: float = 0.0
    rotates: bool = False

    def save(self, tokens: TokenStore) -> None:
        """Store this login."""
        tokens.save(json.dumps(asdict(self)))


def load(tokens: TokenStore) -> StoredLogin | None:
    """Return the stored login, or None if there is none or it cannot be read."""
    try:
        return StoredLogin(**json.loads(tokens.load() or "null"))
    except (ValueError, TypeError):
        return None


def renew(auth: Web, login_origin: str, transport: Transport, host: Host) -> Login:
    """Return a new session from the stored login.

    Raises `CallFailed`, with the code NOT_LOGGED_IN if a person must log in first.
    """
    with host.tokens.exclusive():
        stored = load(host.tokens)
        if stored is None:
            raise CallFailed("NOT_LOGGED_IN", "no user has logged in to this connection", Executed.NO)
        if (stored.login_url, stored.client_id) != (login_origin, auth.client_id):
            message = f"the stored login is one of {stored.login_url} for the app {stored.client_id}"
            raise CallFailed("NOT_LOGGED_IN", message, Executed.NO)
        try:
            return _exchange_token(stored, auth, transport, host).login(login_origin)
        except CallFailed as error:
            raise _refine_refusal(error, stored, time.time()) from error


def app_form(auth: Web, host: Host) -> dict[str, str]:
    """Return the form fields that identify the app to the token endpoint. A public app has no secret."""
    if auth.client_secret is None:
        return {"client_id": auth.client_id}
    secret = auth.client_secret.reveal()
    host.hide(secret)
    return {"client_id": auth.client_id, "client_secret": secret}


def _exchange_token(stored: StoredLogin, auth: Web, transport: Transport, host: Host) -> Granted:
    def keep(answer: Granted) -> None:
        now, token = time.time(), answer.refresh_token
        if token is not None:
            host.hide(token)
            evolve(stored, refresh_token=token, used_at=now, rotates=True).save(host.tokens)
        elif now - stored.used_at > _DAY:
            evolve(stored, used_at=now).save(host.tokens)

    host.hide(stored.refresh_token)
    form = {"grant_type": "refresh_token", "refresh_token": stored.refresh_token, **app_form(auth, host)}
    return request_token(transport, stored.login_url, form, keep)


def _refine_refusal(error: CallFailed, stored: StoredLogin, now: float) -> CallFailed:
    """Return the refusal of a refresh token under its most likely cause, judged by how the token was used."""
    if error.code != "invalid_grant_expired":
        return error
    idle = (now - stored.used_at) / _DAY if stored.used_at else 0.0
    if idle >= _IDLE_DAYS:
        return error.with_code("invalid_grant_idle", f"{error.message}; it was last used {idle:.0f} days ago")
    return error.with_code("invalid_grant_rotated", error.message) if stored.rotates else error
