"""What an access token is good for. Help, "OAuth Tokens and Scopes"."""

from __future__ import annotations

from salesforce_emulator.errors import OAuthError
from salesforce_emulator.org.access import Application

REFRESH = frozenset({"refresh_token", "offline_access"})


def choose_scopes(app: Application, asked: str | None) -> tuple[str, ...]:
    """Return the scopes that were asked for, or all that the app has. Raises OAuthError."""
    scopes = tuple((asked or "").split()) or app.scopes
    # The two names of the refresh scope mean the same.
    known = {*app.scopes, *(REFRESH if not REFRESH.isdisjoint(app.scopes) else ())}
    if not known.issuperset(scopes) and "full" not in app.scopes:
        raise OAuthError("invalid_scope", "the requested scope is not allowed")
    return scopes
