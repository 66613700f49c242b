"""What users allowed apps: unredeemed codes, refresh tokens and approvals.

Help, "OAuth 2.0 Web Server Flow" and "OAuth 2.0 Refresh Token Flow".
"""

from __future__ import annotations

import random
import string
from itertools import count
from threading import Lock

from attrs import evolve, frozen

from salesforce_emulator.clock import Clock
from salesforce_emulator.org.access import Application

_CHARACTERS = string.ascii_letters + string.digits + "._"
_CODE_SECONDS = 15 * 60


@frozen
class Code:
    """An authorization code: the app and the user that it is for, and the PKCE challenge of the request."""

    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str | None
    at: float


@frozen
class RefreshToken:
    """A refresh token.

    `login` stays the same when the token is rotated. `used` is the time of its last use, at first that of its creation.
    """

    token: str
    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    login: str
    at: float
    used: float


class Authorizations:
    """The codes, refresh tokens and approvals of the org's apps."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self._lock = Lock()
        self._logins = count(1)
        self._codes: dict[str, Code] = {}
        self._redeemed: set[str] = set()
        self._refresh: dict[str, RefreshToken] = {}
        self._approved: set[tuple[str, str]] = set()

    def grant(
        self, app: Application, user_id: str, scopes: tuple[str, ...], redirect_uri: str, challenge: str | None
    ) -> str:
        """Return a new code for the app. Record that the user approved it."""
        with self._lock:
            self._approved.add((app.client_id, user_id))
            code = "aPrx" + self._secret(60)
            self._codes[code] = Code(app.client_id, user_id, scopes, redirect_uri, challenge, self._clock.now())
            return code

    def redeem(self, app: Application, text: str) -> Code | None:
        """Redeem a code of the app. Return None if it was redeemed before or is too old. Raises KeyError."""
        with self._lock:
            if text in self._redeemed:
                return None
            code = self._codes[text]
            if code.client_id != app.client_id:
                raise KeyError(text)
            del self._codes[text]
            self._redeemed.add(text)
            return code if self._clock.now() - code.at <= _CODE_SECONDS else None

    def is_approved(self, app: Application, user_id: str) -> bool:
        """Return whether a user ever allowed the app in the browser."""
        return (app.client_id, user_id) in self._approved

    def new_login(self) -> str:
        """Return a new name for one login and all of its tokens."""
        return f"login {next(self._logins)}"

    def new_refresh_token(self, app: Application, user_id: str, scopes: tuple[str, ...], login: str) -> str:
        """Return a new refresh token."""
        with self._lock:
            token, now = "5Aep861" + self._secret(80), self._clock.now()
            self._refresh[token] = RefreshToken(token, app.client_id, user_id, scopes, login, now, now)
            return token

    def refresh_token(self, app: Application, token: str) -> RefreshToken | None:
        """Return a refresh token of the app if it is valid: neither too old nor unused for too long."""
        found = self._refresh.get(token)
        if found is None or found.client_id != app.client_id:
            return None
        now = self._clock.now()
        too_old = _is_over(now - found.at, app.refresh_token_seconds)
        return None if too_old or _is_over(now - found.used, app.refresh_token_idle_seconds) else found

    def use(self, token: RefreshToken) -> None:
        """Record that a refresh token is in use."""
        with self._lock:
            if token.token in self._refresh:
                self._refresh[token.token] = evolve(token, used=self._clock.now())

    def end(self, token: str) -> RefreshToken | None:
        """Invalidate a refresh token. Return it, or None if there is no such token."""
        with self._lock:
            return self._refresh.pop(token, None)

    def end_refresh_tokens_of(self, user_id: str) -> None:
        """Invalidate every refresh token of a user."""
        with self._lock:
            self._refresh = {token: found for token, found in self._refresh.items() if found.user_id != user_id}

    def end_refresh_tokens(self) -> None:
        """Invalidate every refresh token."""
        with self._lock:
            self._refresh.clear()

    def _secret(self, length: int) -> str:
        return "".join(self._chance.choices(_CHARACTERS, k=length))


def _is_over(age: float, most: float | None) -> bool:
    return most is not None and age > most
