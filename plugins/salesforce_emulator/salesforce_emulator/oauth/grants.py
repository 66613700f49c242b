"""What a client can exchange for an access token. Each grant answers the id of the user who is logged in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from urllib.parse import unquote_plus

from salesforce_emulator.errors import OAuthError
from salesforce_emulator.world import World

Form = Mapping[str, str]
Grant = Callable[[World, Form], str]


def client_credentials(world: World, form: Form) -> str:
    """Help, "OAuth 2.0 Client Credentials Flow": the app's run-as user is logged in."""
    check_client(world, form)
    return world.user_id


def check_client(world: World, form: Form) -> None:
    """Refuse an unknown app or a wrong secret."""
    application = world.org.application
    if form.get("client_id") != application.client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if form.get("client_secret") != application.client_secret:
        raise OAuthError("invalid_client", "invalid client credentials")


GRANTS: dict[str, Grant] = {"client_credentials": client_credentials}


def user_of(world: World, form: Form) -> str:
    """The user that a token request logs in. Raises OAuthError."""
    grant = GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    return grant(world, form)


def with_basic(form: Form, header: str | None) -> Form:
    """The form, completed by the client id and secret of an Authorization header."""
    scheme, _, coded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return form
    try:
        client_id, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OAuthError("invalid_client", "invalid client credentials") from error
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret), **form}
