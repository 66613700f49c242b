"""The grants that a client can exchange for an access token."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from urllib.parse import unquote_plus

from attrs import evolve, frozen

from salesforce_emulator.errors import OAuthError
from salesforce_emulator.oauth.admission import admit, check_app, check_user, find_user_by_password, user_named
from salesforce_emulator.oauth.assertions import read_issuer, subject
from salesforce_emulator.oauth.pkce import belongs
from salesforce_emulator.oauth.scopes import REFRESH, choose_scopes
from salesforce_emulator.org.access import Application
from salesforce_emulator.world import World

Form = Mapping[str, str]
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@frozen
class Granted:
    """The result of a grant: the user, the app and the scopes of the token.

    `signed`: the answer has a timestamp and a signature. `says_scopes`: it lists the scopes.
    """

    app: Application
    user_id: str
    scopes: tuple[str, ...]
    login: str | None = None
    refresh_token: str | None = None
    signed: bool = True
    says_scopes: bool = True


Grant = Callable[[World, Application, Form], Granted]


def client_credentials(world: World, app: Application, form: Form) -> Granted:
    """Log in the app's run-as user. Help, "OAuth 2.0 Client Credentials Flow"."""
    check_secret(app, form)
    if not app.client_credentials:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    check_user(world, world.user_id)
    return Granted(app, world.user_id, _without_refresh(choose_scopes(app, form.get("scope"))))


def authorization_code(world: World, app: Application, form: Form) -> Granted:
    """Exchange the code of a redirect and its verifier. Help, "OAuth 2.0 Web Server Flow"."""
    check_secret(app, form)
    try:
        code = world.authorizations.redeem(app, form.get("code", ""))
    except KeyError as error:
        raise OAuthError("invalid_grant", "invalid authorization code") from error
    if code is None:
        raise OAuthError("invalid_grant", "expired authorization code")
    if form.get("redirect_uri") != code.redirect_uri:
        raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
    _check_verifier(code.challenge, form.get("code_verifier"))
    admit(world, app, code.user_id)
    login = world.authorizations.new_login()
    granted = Granted(app, code.user_id, code.scopes, login)
    if REFRESH.isdisjoint(code.scopes):
        return granted
    return evolve(granted, refresh_token=world.authorizations.new_refresh_token(app, code.user_id, code.scopes, login))


def _check_verifier(challenge: str | None, verifier: str | None) -> None:
    """Raise OAuthError if the code verifier is missing or wrong, with a different code for each.

    REST API Developer Guide, "Understanding the Web Server OAuth Flow".
    """
    if challenge is None:
        return
    if verifier is None:
        raise OAuthError("invalid_grant", "code verifier is missing")
    if not belongs(verifier, challenge):
        raise OAuthError("invalid_request", "invalid code verifier")


def refresh_token(world: World, app: Application, form: Form) -> Granted:
    """Exchange a refresh token. Help, "OAuth 2.0 Refresh Token Flow".

    If the app rotates its tokens, the old token becomes invalid at once.
    """
    check_secret(app, form)
    authorizations, token = world.authorizations, form.get("refresh_token", "")
    found = authorizations.refresh_token(app, token)
    if found is None:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    admit(world, app, found.user_id)
    granted = Granted(app, found.user_id, found.scopes, found.login)
    if not app.rotate_refresh_tokens:
        authorizations.use(found)
        return granted
    # If two concurrent calls use the same token, the second one fails.
    if authorizations.end(token) is None:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    later = authorizations.new_refresh_token(app, found.user_id, found.scopes, found.login)
    return evolve(granted, refresh_token=later)


def jwt_bearer(world: World, app: Application, form: Form) -> Granted:
    """Exchange a JWT assertion. Help, "OAuth 2.0 JWT Bearer Flow".

    The user must have approved the app before, or an admin for him.
    """
    user_id = user_named(world, subject(world, app, form.get("assertion", "")))
    if user_id is None:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    admit(world, app, user_id)
    if app.admitted is None and not world.authorizations.is_approved(app, user_id):
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return Granted(app, user_id, _without_refresh(choose_scopes(app, form.get("scope"))), signed=False)


def password(world: World, app: Application, form: Form) -> Granted:
    """Exchange a Username and a password. Help, "OAuth 2.0 Username-Password Flow".

    Newer orgs have this flow disabled.
    """
    check_secret(app, form)
    if not app.password_flow:
        raise OAuthError("invalid_grant", "authentication failure")
    user_id = find_user_by_password(world, form.get("username", ""), form.get("password", ""))
    if user_id is None:
        raise OAuthError("invalid_grant", "authentication failure")
    admit(world, app, user_id)
    return Granted(app, user_id, _without_refresh(choose_scopes(app, form.get("scope"))), says_scopes=False)


def _without_refresh(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes of a flow that has no refresh token."""
    return tuple(scope for scope in scopes if scope not in REFRESH)


def require_app(world: World, client_id: str | None) -> Application:
    """Return the app with this client id. Raises OAuthError."""
    app = world.org.find_app(client_id)
    if app is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    return app


def check_secret(app: Application, form: Form) -> None:
    """Raise OAuthError for a wrong secret. A public client may omit it."""
    secret = form.get("client_secret")
    public = secret is None and not app.secret_required and form.get("grant_type") != "client_credentials"
    if not public and secret != app.client_secret:
        raise OAuthError("invalid_client", "invalid client credentials")


GRANTS: dict[str, Grant] = {
    "client_credentials": client_credentials,
    "authorization_code": authorization_code,
    "refresh_token": refresh_token,
    _JWT_BEARER: jwt_bearer,
    "password": password,
}


def grant_token(world: World, form: Form, at_login_host: bool) -> Granted:
    """Return the result of a token request. Raises OAuthError."""
    kind = form.get("grant_type", "")
    grant = GRANTS.get(kind)
    if grant is None:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    if kind == "client_credentials" and at_login_host and world.org.generic_login:
        raise OAuthError("invalid_grant", "request not supported on this domain")
    app = require_app(world, read_issuer(form.get("assertion", "")) if kind == _JWT_BEARER else form.get("client_id"))
    check_app(app)
    return grant(world, app, form)


def with_basic(form: Form, header: str | None) -> Form:
    """Return the form with the client id and secret of a Basic Authorization header. Raises OAuthError."""
    scheme, _, coded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return form
    try:
        client_id, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OAuthError("invalid_client", "invalid client credentials") from error
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret), **form}
