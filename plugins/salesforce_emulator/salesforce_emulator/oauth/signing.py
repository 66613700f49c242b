"""Tokens that the org signs itself: access tokens in JWT format, and id tokens."""

from __future__ import annotations

from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign_token(claims: dict[str, Any], **header: str) -> str:
    """Return a token with these claims, signed with RS256. The key is new for each process."""
    return jwt.encode(claims, _key(), algorithm="RS256", headers=header)
