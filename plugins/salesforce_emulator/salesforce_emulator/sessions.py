"""Access tokens and how long they live.

OAuth token answers carry no `expires_in`; a session ends when it is idle for the org's session time, when it is
revoked, or when a test says so. Tokens in JWT format end at the time that they name, used or not.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from threading import Lock

from attrs import define

from salesforce_emulator.clock import Clock
from salesforce_emulator.org.model import Org

_CHARACTERS = string.ascii_letters + string.digits + "._"
_FOR_THE_API = frozenset({"api", "full"})


@define
class Session:
    """One login. `login` names what it came from, so that all of it can be revoked together."""

    token: str
    user_id: str
    scopes: tuple[str, ...]
    used: float
    login: str | None = None

    @property
    def opaque(self) -> bool:
        """Whether the token is a session id; SOAP takes no other."""
        return not self.token.startswith("ey")

    @property
    def for_the_api(self) -> bool:
        """Whether its scopes allow API calls."""
        return not _FOR_THE_API.isdisjoint(self.scopes)


class Sessions:
    """The live sessions of the org."""

    def __init__(self, org: Org, clock: Clock, chance: random.Random) -> None:
        self._org = org
        self._clock = clock
        self._chance = chance
        self._lock = Lock()
        self._live: dict[str, Session] = {}

    def adopt(self, org: Org) -> None:
        """Go on with a changed org."""
        self._org = org

    def open(self, user_id: str, scopes: tuple[str, ...] = ("full",), login: str | None = None) -> Session:
        """A new session: `<15 characters of the org id>!<opaque>`."""
        with self._lock:
            secret = "AQ" + "".join(self._chance.choices(_CHARACTERS, k=94))
            return self._keep(f"{self._org.id[:15]}!{secret}", user_id, scopes, login)

    def open_with(self, token: str, user_id: str, scopes: tuple[str, ...], login: str | None) -> Session:
        """A new session whose token was made elsewhere."""
        with self._lock:
            return self._keep(token, user_id, scopes, login)

    def _keep(self, token: str, user_id: str, scopes: tuple[str, ...], login: str | None) -> Session:
        session = self._live[token] = Session(token, user_id, scopes, self._clock.now(), login)
        return session

    def find(self, token: str | None) -> Session | None:
        """The session of a token, kept alive by being used; None where it has ended."""
        with self._lock:
            session = self._live.get(token or "")
            if session is None:
                return None
            now = self._clock.now()
            if now - session.used > self._org.session_seconds:
                del self._live[session.token]
                return None
            if session.opaque:
                session.used = now
            return session

    def close(self, token: str) -> bool:
        """End a session; False where there was none."""
        with self._lock:
            return self._live.pop(token, None) is not None

    def close_login(self, login: str) -> None:
        """End every session that came from one login."""
        self._close_where(lambda session: session.login == login)

    def close_user(self, user_id: str) -> None:
        """End every session of a user."""
        self._close_where(lambda session: session.user_id == user_id)

    def close_all(self) -> None:
        """End every session."""
        self._close_where(lambda session: True)

    def _close_where(self, holds: Callable[[Session], bool]) -> None:
        with self._lock:
            self._live = {token: session for token, session in self._live.items() if not holds(session)}
