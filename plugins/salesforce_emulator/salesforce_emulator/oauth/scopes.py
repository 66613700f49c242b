"""What an access token is good for. Help, "OAuth Tokens and Scopes"."""

from __future__ import annotations

from salesforce_emulator.errors import OAuthError
from salesforce_emulator.world import World

REFRESH = frozenset({"refresh_token", "offline_access"})


def granted_scopes(world: World, asked: str | None) -> tuple[str, ...]:
    """The scopes that were asked for, or all that the app has. Raises OAuthError."""
    allowed = world.org.application.scopes
    scopes = tuple((asked or "").split()) or allowed
    # The two names of the refresh scope mean the same.
    known = {*allowed, *(REFRESH if not REFRESH.isdisjoint(allowed) else ())}
    if not known.issuperset(scopes) and "full" not in allowed:
        raise OAuthError("invalid_scope", "the requested scope is not allowed")
    return scopes
