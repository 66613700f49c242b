"""The paths of the login host: authorize, token, revoke, introspect, userinfo and identity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salesforce_emulator.call import json_answer
from salesforce_emulator.errors import ApiError, OAuthError
from salesforce_emulator.oauth import authorize, person
from salesforce_emulator.oauth.form import form_of
from salesforce_emulator.oauth.grants import check_secret, grant_token, require_app, with_basic
from salesforce_emulator.oauth.tokens import token_answer
from salesforce_emulator.rest.endpoint import authenticate
from salesforce_emulator.world import World


async def token(request: Request) -> Response:
    """POST /services/oauth2/token."""
    world: World = request.app.state.world
    try:
        if request.method != "POST":
            raise OAuthError("invalid_request", "must use HTTP POST")
        form = with_basic(await form_of(request), request.headers.get("authorization"))
        given = grant_token(world, form, world.hosts.is_login(request.scope))
    except OAuthError as error:
        return refusal(error)
    return json_answer(
        token_answer(world, given), headers={"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}
    )


def refusal(error: OAuthError) -> Response:
    """Return an OAuth error as JSON."""
    return json_answer({"error": error.code, "error_description": error.description}, error.status)


async def revoke(request: Request) -> Response:
    """GET and POST /services/oauth2/revoke?token=... A refresh token also ends the sessions of its login."""
    world: World = request.app.state.world
    text = {**request.query_params, **(await form_of(request))}.get("token", "")
    refresh = world.authorizations.end(text)
    if refresh is not None:
        world.sessions.close_login(refresh.login)
    elif not world.sessions.close(text):
        return refusal(OAuthError("invalid_token", "invalid token"))
    return Response(status_code=200)


async def introspect(request: Request) -> Response:
    """POST /services/oauth2/introspect: whether a token is valid, and its user. RFC 7662."""
    world: World = request.app.state.world
    try:
        form = with_basic(await form_of(request), request.headers.get("authorization"))
        app = require_app(world, form.get("client_id"))
        check_secret(app, form)
    except OAuthError as error:
        return refusal(error)
    text = form.get("token", "")
    refresh = world.authorizations.refresh_token(app, text)
    found = refresh or world.sessions.find(text)
    if found is None:
        return json_answer({"active": False})
    facts = {
        "active": True,
        "scope": " ".join(found.scopes),
        "client_id": app.client_id,
        "username": world.usernames[found.user_id],
        "sub": f"{world.hosts.login}/id/{world.org.id}/{found.user_id}",
        "token_type": "access_token" if refresh is None else "refresh_token",
    }
    return json_answer(facts)


async def userinfo(request: Request) -> Response:
    """GET /services/oauth2/userinfo, with the keys of OpenID Connect."""
    return _of_user(request, person.userinfo)


async def identity(request: Request) -> Response:
    """GET /id/ORG/USER, the `id` of a token response. Help, "Identity URLs"."""
    return _of_user(request, person.identity)


def _of_user(request: Request, show: Callable[[World, str], dict[str, Any]]) -> Response:
    world: World = request.app.state.world
    try:
        session = authenticate(world, request)
    except ApiError:
        return Response("Bad_OAuth_Token", 403, media_type="text/html")
    return json_answer(show(world, session.user_id))


ROUTES = [
    Route("/services/oauth2/authorize", authorize.show),
    Route("/services/oauth2/authorize", authorize.decide, methods=["POST"]),
    Route("/services/oauth2/token", token, methods=["GET", "POST"]),
    Route("/services/oauth2/revoke", revoke, methods=["GET", "POST"]),
    Route("/services/oauth2/introspect", introspect, methods=["POST"]),
    Route("/services/oauth2/userinfo", userinfo, methods=["GET", "POST"]),
    Route("/id/{org}/{user}", identity),
]
