"""Access tokens and how long they live.

OAuth token answers carry no `expires_in`; a session ends when it is idle for the org's session time, when it is
revoked, or when a fault rule says so.
"""

from __future__ import annotations

import random
import string
from threading import Lock

from attrs import define

from salesforce_emulator.clock import Clock
from salesforce_emulator.org.model import Org

_CHARACTERS = string.ascii_letters + string.digits + "._"


@define
class Session:
    """One login."""

    token: str
    user_id: str
    used: float


class Sessions:
    """The live sessions of the org."""

    def __init__(self, org: Org, clock: Clock, chance: random.Random) -> None:
        self._org = org
        self._clock = clock
        self._chance = chance
        self._lock = Lock()
        self._live: dict[str, Session] = {}

    def open(self, user_id: str) -> Session:
        """A new session: `<15 characters of the org id>!<opaque>`."""
        with self._lock:
            secret = "AQ" + "".join(self._chance.choices(_CHARACTERS, k=94))
            session = Session(f"{self._org.id[:15]}!{secret}", user_id, self._clock.now())
            self._live[session.token] = session
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
            session.used = now
            return session

    def close(self, token: str) -> bool:
        """End a session; False where there was none."""
        with self._lock:
            return self._live.pop(token, None) is not None

    def close_all(self) -> None:
        """End every session."""
        with self._lock:
            self._live.clear()
