"""The login that a person gave in the browser: stored, renewed, and stored anew before it is used where it rotates.

Salesforce Help, "OAuth 2.0 Refresh Token Flow": with rotation a refresh token is good for one use.
"""

from __future__ import annotations

import json

from attrs import asdict, evolve, field, frozen

from connector_salesforce.credentials import Login
from connector_salesforce.failure import CallFailed
from connector_salesforce.flows import Web
from connector_salesforce.oauth import Granted, granted
from connector_salesforce.transport import Transport
from connector_sdk import Executed, Host, TokenStore


@frozen
class StoredLogin:
    """A refresh token, the login host that gave it, and the app that it was given to."""

    login_url: str
    client_id: str
    refresh_token: str = field(repr=False)

    def save(self, tokens: TokenStore) -> None:
        """Store it."""
        tokens.save(json.dumps(asdict(self)))


def load(tokens: TokenStore) -> StoredLogin | None:
    """What is stored; None when nobody logged in, or what is there cannot be read."""
    try:
        return StoredLogin(**json.loads(tokens.load() or "null"))
    except (ValueError, TypeError):
        return None


def renewed(auth: Web, login_origin: str, transport: Transport, host: Host) -> Login:
    """A new session from what is stored. Raises `CallFailed`, with NOT_LOGGED_IN where somebody has to log in."""
    with host.tokens.exclusive():
        stored = load(host.tokens)
        if stored is None:
            raise CallFailed("NOT_LOGGED_IN", "nobody has logged in to this connection", Executed.NO)
        if (stored.login_url, stored.client_id) != (login_origin, auth.client_id):
            message = f"the stored login is one of {stored.login_url} for the app {stored.client_id}"
            raise CallFailed("NOT_LOGGED_IN", message, Executed.NO)
        return _exchanged(stored, auth, transport, host).login(login_origin)


def app_form(auth: Web, host: Host) -> dict[str, str]:
    """The app, as the token endpoint wants it: a public one has no secret."""
    if auth.client_secret is None:
        return {"client_id": auth.client_id}
    secret = auth.client_secret.reveal()
    host.hide(secret)
    return {"client_id": auth.client_id, "client_secret": secret}


def _exchanged(stored: StoredLogin, auth: Web, transport: Transport, host: Host) -> Granted:
    def keep(answer: Granted) -> None:
        if answer.refresh_token is not None:
            host.hide(answer.refresh_token)
            evolve(stored, refresh_token=answer.refresh_token).save(host.tokens)

    host.hide(stored.refresh_token)
    form = {"grant_type": "refresh_token", "refresh_token": stored.refresh_token, **app_form(auth, host)}
    return granted(transport, stored.login_url, form, keep)
