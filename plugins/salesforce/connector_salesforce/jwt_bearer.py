"""The assertion of the JWT bearer flow: who logs in, signed with the key to the app's certificate.

Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration".
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from connector_salesforce.flows import Jwt
from connector_sdk import ConfigError, Problem

_SECONDS = 180
_PRODUCTION, _SANDBOX = "https://login.salesforce.com", "https://test.salesforce.com"


def assertion(auth: Jwt, login_origin: str, clock_off: float = 0.0) -> str:
    """A signed assertion, good for three minutes by a clock that is so many seconds ahead of this machine's.

    Raises `ConfigError` when it cannot be signed.
    """
    try:
        import jwt  # an optional extra
    except ImportError:
        hint = "install it: pip install 'connector-salesforce[jwt]'"
        raise ConfigError([Problem("flow: jwt needs the package PyJWT", ("auth", "flow"), hint)]) from None
    claims = {
        "iss": auth.client_id,
        "sub": auth.username,
        "aud": auth.audience or audience(login_origin),
        "exp": int(time.time() + clock_off) + _SECONDS,
    }
    try:
        return jwt.encode(claims, auth.private_key.reveal(), algorithm="RS256")
    except (jwt.PyJWTError, NotImplementedError, ValueError, TypeError):
        message, hint = "this is no RSA private key in PEM", "name the file with the key: ${file:server.key}"
        raise ConfigError([Problem(message, ("auth", "private_key"), hint)]) from None


def audience(login_origin: str) -> str:
    """Whom an assertion is for: the login host of all sandboxes and scratch orgs, or that of all other orgs."""
    host = urlsplit(login_origin).hostname or ""
    inner = f".{host}"
    if host == "test.salesforce.com" or ".sandbox.my." in inner or ".scratch.my." in inner:
        return _SANDBOX
    return _PRODUCTION
