"""The scopes of an access token. Help, "OAuth Tokens and Scopes"."""

from __future__ import annotations

from salesforce_emulator.errors import OAuthError
from salesforce_emulator.org.access import Application

REFRESH = frozenset({"refresh_token", "offline_access"})


def choose_scopes(app: Application, asked: str | None) -> tuple[str, ...]:
    """Return the requested scopes, or by default all scopes of the app. Raises OAuthError."""
    scopes = tuple((asked or "").split()) or app.scopes
    # The refresh scope has two names with the same meaning.
    known = {*app.scopes, *(REFRESH if not REFRESH.isdisjoint(app.scopes) else ())}
    if not known.issuperset(scopes) and "full" not in app.scopes:
        raise OAuthError("invalid_scope", "the requested scope is not allowed")
    return scopes
