"""Access tokens and their lifetime.

OAuth token responses carry no `expires_in`. A session ends after the org's session time without use, or when a client
or a test revokes it. A token in JWT format ends at the time in it, even if it is in use.
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
    """One session. `login` names the login that it came from, so that all its sessions can be revoked together."""

    token: str
    user_id: str
    scopes: tuple[str, ...]
    used: float
    login: str | None = None

    @property
    def opaque(self) -> bool:
        """Whether the token is a session id. SOAP accepts no other token."""
        return not self.token.startswith("ey")

    @property
    def for_the_api(self) -> bool:
        """Whether the session's scopes allow API calls."""
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
        """Apply a changed org."""
        self._org = org

    def open(self, user_id: str, scopes: tuple[str, ...] = ("full",), login: str | None = None) -> Session:
        """Open a session with a new token: `<15 characters of the org id>!<opaque>`."""
        with self._lock:
            secret = "AQ" + "".join(self._chance.choices(_CHARACTERS, k=94))
            return self._keep(f"{self._org.id[:15]}!{secret}", user_id, scopes, login)

    def open_with(self, token: str, user_id: str, scopes: tuple[str, ...], login: str | None) -> Session:
        """Open a session with a token that was created elsewhere."""
        with self._lock:
            return self._keep(token, user_id, scopes, login)

    def _keep(self, token: str, user_id: str, scopes: tuple[str, ...], login: str | None) -> Session:
        session = self._live[token] = Session(token, user_id, scopes, self._clock.now(), login)
        return session

    def find(self, token: str | None) -> Session | None:
        """Return the session of a token, or None if it has ended. Each use extends an opaque session."""
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
        """End a session. Return False if there was none."""
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
