"""The assertion of the JWT bearer flow. Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration"."""

from __future__ import annotations

import time
from typing import Any

import jwt

from salesforce_emulator.errors import OAuthError
from salesforce_emulator.oauth.admission import NOT_IN_THIS_ORG
from salesforce_emulator.org.access import Application
from salesforce_emulator.org.certificate import public_key
from salesforce_emulator.world import World

_PRODUCTION, _SANDBOX = "https://login.salesforce.com", "https://test.salesforce.com"
_LONGEST = 600
"""The maximum lifetime of an assertion in seconds. Clients use three to five minutes."""


def read_issuer(assertion: str) -> str:
    """Return the client id that an assertion names, before the assertion is verified. Raises OAuthError."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise _invalid() from error
    return str(claims.get("iss", ""))


def subject(world: World, app: Application, assertion: str) -> str:
    """Return the Username that an assertion is for. Raises OAuthError.

    `exp` is compared with the system clock, because the client runs on this machine. Tests move only the org's clock.
    """
    claims = _verify_assertion(assertion, app.certificate)
    if int(claims["exp"]) > time.time() + _LONGEST:
        raise _invalid()
    _check_audience(world, app, claims["aud"])
    return str(claims["sub"])


def _verify_assertion(assertion: str, certificate: str | None) -> dict[str, Any]:
    if certificate is None:
        raise _invalid()
    options: Any = {"verify_aud": False, "require": ["iss", "sub", "aud", "exp"]}
    try:
        claims: dict[str, Any] = jwt.decode(assertion, public_key(certificate), algorithms=["RS256"], options=options)
    except jwt.ExpiredSignatureError as error:
        raise OAuthError("invalid_grant", "expired authorization code") from error
    except jwt.InvalidTokenError as error:
        raise _invalid() from error
    return claims


def _invalid() -> OAuthError:
    return OAuthError("invalid_grant", "invalid assertion")


def _check_audience(world: World, app: Application, audience: Any) -> None:
    """Raise OAuthError unless the audience is a host of the org.

    Connected apps may also name the generic login host.
    """
    hosts = world.hosts
    if audience == hosts.instance or (audience == hosts.login and not world.org.generic_login):
        return
    if app.kind == "external" and audience in (_PRODUCTION, _SANDBOX, hosts.login):
        raise OAuthError("app_not_found", NOT_IN_THIS_ORG)
    if audience not in (_SANDBOX if world.org.sandbox else _PRODUCTION, hosts.login):
        raise OAuthError("invalid_grant", "audience is invalid")
