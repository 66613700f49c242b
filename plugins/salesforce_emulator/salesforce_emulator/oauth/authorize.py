"""The page where a user admits an app, and the redirect back to the app.

REST API Developer Guide, "Understanding the Web Server OAuth Flow"; Help, "OAuth Authorization Errors".
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from salesforce_emulator.errors import OAuthError
from salesforce_emulator.oauth.admission import admit, check_app, check_user, find_user_by_password
from salesforce_emulator.oauth.form import form_of
from salesforce_emulator.oauth.pages import error_page, login_page
from salesforce_emulator.oauth.scopes import choose_scopes
from salesforce_emulator.world import World

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_GENERIC = "OAUTH_APPROVAL_ERROR_GENERIC : An unexpected error has occured during authentication. Please try again."
_BAD_PASSWORD = "Please check your username and password."
# The form adds these fields to the app's request.
_OF_THE_FORM = ("username", "password", "decision")


async def show(request: Request) -> Response:
    """GET /services/oauth2/authorize: the login form, or the error of the request."""
    world: World = request.app.state.world
    asked = dict(request.query_params)
    refused = _check_request(world, asked)
    if refused is not None:
        return refused
    return login_page(asked, asked.get("login_hint") or world.org.username, world.org.password)


async def decide(request: Request) -> Response:
    """POST /services/oauth2/authorize: redirect to the app, with a code or an error."""
    world: World = request.app.state.world
    form = await form_of(request)
    asked = {name: value for name, value in form.items() if name not in _OF_THE_FORM}
    refused = _check_request(world, asked)
    if refused is not None:
        return refused
    if form.get("decision") != "allow":
        return redirect_error(asked, OAuthError("access_denied", "end-user denied authorization"))
    user_id = find_user_by_password(world, form.get("username", ""), form.get("password", ""))
    if user_id is None:
        return login_page(asked, form.get("username", ""), "", _BAD_PASSWORD)
    app = world.org.find_app(asked["client_id"])
    assert app is not None, "other apps were refused before"
    try:
        check_user(world, user_id)
        check_app(app)
        admit(world, app, user_id)
        scopes = choose_scopes(app, asked.get("scope"))
    except OAuthError as error:
        return redirect_error(asked, _as_browser_error(error))
    code = world.authorizations.grant(app, user_id, scopes, asked["redirect_uri"], asked.get("code_challenge"))
    return _redirect_to_app(asked, {"code": code})


_IN_THE_BROWSER = {"invalid_app_access": "OAUTH_APP_ACCESS_DENIED", "app_not_found": "OAUTH_EC_APP_NOT_FOUND"}


def _as_browser_error(error: OAuthError) -> OAuthError:
    """Return a refusal with the code that the browser flow uses for it."""
    return OAuthError(_IN_THE_BROWSER.get(error.code, error.code), error.description)


def _check_request(world: World, asked: Mapping[str, str]) -> Response | None:
    """Return the error of an invalid request, or None.

    The user sees the error until the app's callback URL is known to be valid. Most later errors go to the app.
    """
    app = world.org.find_app(asked.get("client_id"))
    if app is None:
        return error_page("invalid_client_id", "client identifier invalid")
    if not _is_callback(asked.get("redirect_uri", ""), app.callback_urls):
        return error_page("redirect_uri_mismatch", "redirect_uri must match configuration")
    try:
        check_app(app)
    except OAuthError as error:
        # An external client app that is not installed is refused only after the login.
        if error.code == "invalid_client":
            return error_page(error.code, error.description, _GENERIC)
        if error.code != "app_not_found":
            return redirect_error(asked, error)
    if asked.get("response_type") != "code":
        return redirect_error(asked, OAuthError("unsupported_response_type", "response type not supported"))
    if asked.get("code_challenge_method", "S256") != "S256":
        return redirect_error(asked, OAuthError("invalid_request", "code challenge method must be S256"))
    if app.pkce_required and not asked.get("code_challenge"):
        return redirect_error(asked, OAuthError("invalid_request", "missing required code challenge"))
    return None


def _is_callback(url: str, configured: tuple[str, ...]) -> bool:
    if configured:
        return url in configured
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def redirect_error(asked: Mapping[str, str], error: OAuthError) -> Response:
    """Redirect the browser to the app with the reason of the refusal."""
    return _redirect_to_app(asked, {"error": error.code, "error_description": error.description})


def _redirect_to_app(asked: Mapping[str, str], facts: dict[str, str]) -> Response:
    url = asked.get("redirect_uri", "")
    state = {"state": asked["state"]} if "state" in asked else {}
    sign = "&" if urlsplit(url).query else "?"
    return RedirectResponse(f"{url}{sign}{urlencode({**facts, **state})}", 302)
