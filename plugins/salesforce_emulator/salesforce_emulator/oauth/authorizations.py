"""What users allowed the connected app: codes that are not redeemed yet, refresh tokens, approvals.

Help, "OAuth 2.0 Web Server Flow" and "OAuth 2.0 Refresh Token Flow".
"""

from __future__ import annotations

import random
import string
from itertools import count
from threading import Lock

from attrs import frozen

from salesforce_emulator.clock import Clock

_CHARACTERS = string.ascii_letters + string.digits + "._"
_CODE_SECONDS = 15 * 60


@frozen
class Code:
    """A user's consent on its way to the app: whom it is for, and the PKCE challenge of the request."""

    user_id: str
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str | None
    at: float


@frozen
class RefreshToken:
    """A refresh token; `login` stays the same when it is rotated."""

    token: str
    user_id: str
    scopes: tuple[str, ...]
    login: str
    at: float


class Authorizations:
    """Codes, refresh tokens and approvals of the org's connected app."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self._lock = Lock()
        self._logins = count(1)
        self._codes: dict[str, Code] = {}
        self._redeemed: set[str] = set()
        self._refresh: dict[str, RefreshToken] = {}
        self._approved: set[str] = set()

    def grant(self, user_id: str, scopes: tuple[str, ...], redirect_uri: str, challenge: str | None) -> str:
        """A code for the app; the user has approved it from now on."""
        with self._lock:
            self._approved.add(user_id)
            code = "aPrx" + self._secret(60)
            self._codes[code] = Code(user_id, scopes, redirect_uri, challenge, self._clock.now())
            return code

    def redeem(self, text: str) -> Code | None:
        """What a code stands for, once; None where it was redeemed before or is too old. Raises KeyError."""
        with self._lock:
            if text in self._redeemed:
                return None
            code = self._codes.pop(text)
            self._redeemed.add(text)
            return code if self._clock.now() - code.at <= _CODE_SECONDS else None

    def approved(self, user_id: str) -> bool:
        """Whether a user ever allowed the app in the browser."""
        return user_id in self._approved

    def new_login(self) -> str:
        """A name for one login and all that comes from it."""
        return f"login {next(self._logins)}"

    def new_refresh_token(self, user_id: str, scopes: tuple[str, ...], login: str) -> str:
        """A refresh token."""
        with self._lock:
            token = "5Aep861" + self._secret(80)
            self._refresh[token] = RefreshToken(token, user_id, scopes, login, self._clock.now())
            return token

    def refresh_token(self, token: str, seconds: float | None) -> RefreshToken | None:
        """A refresh token that is alive; `seconds` is how long the app lets them live."""
        found = self._refresh.get(token)
        if found is None or (seconds is not None and self._clock.now() - found.at > seconds):
            return None
        return found

    def end(self, token: str) -> RefreshToken | None:
        """Make a refresh token useless; None where it was none."""
        with self._lock:
            return self._refresh.pop(token, None)

    def end_refresh_tokens(self) -> None:
        """Make every refresh token useless."""
        with self._lock:
            self._refresh.clear()

    def _secret(self, length: int) -> str:
        return "".join(self._chance.choices(_CHARACTERS, k=length))
