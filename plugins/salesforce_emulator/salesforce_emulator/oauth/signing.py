"""Tokens that the org signs itself: access tokens in JWT format, id tokens."""

from __future__ import annotations

from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign_token(claims: dict[str, Any], **header: str) -> str:
    """A token with these claims, signed by RS256 with a key that lives as long as the process."""
    return jwt.encode(claims, _key(), algorithm="RS256", headers=header)
