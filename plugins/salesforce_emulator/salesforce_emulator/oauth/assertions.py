"""The assertion of the JWT bearer flow. Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration"."""

from __future__ import annotations

from typing import Any

import jwt

from salesforce_emulator.errors import OAuthError
from salesforce_emulator.org.certificate import public_key
from salesforce_emulator.world import World


def subject(world: World, assertion: str) -> str:
    """The Username that an assertion was made for. Raises OAuthError.

    `exp` is compared with the machine's clock, not with the org's, which tests move: the client is on this machine.
    """
    claims = _verified(assertion, world.org.application.certificate)
    if claims["iss"] != world.org.application.client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if claims["aud"] not in _audiences(world):
        raise OAuthError("invalid_grant", "audience is invalid")
    return str(claims["sub"])


def _verified(assertion: str, certificate: str | None) -> dict[str, Any]:
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


def _audiences(world: World) -> tuple[str, ...]:
    """For whom an assertion may be meant: the generic login host of such orgs, and the hosts of this one."""
    generic = "https://test.salesforce.com" if world.org.sandbox else "https://login.salesforce.com"
    return (generic, world.hosts.login, world.hosts.instance)
