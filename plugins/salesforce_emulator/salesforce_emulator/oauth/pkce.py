"""Proof Key for Code Exchange: check a verifier against its challenge. RFC 7636; Help, "PKCE"."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}\Z")


def belongs(verifier: str, challenge: str) -> bool:
    """Return whether the challenge is the verifier's SHA-256, in base64url without padding."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return _VERIFIER.match(verifier) is not None and hmac.compare_digest(digest, challenge.encode())
