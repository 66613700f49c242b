"""Who may use the connected app. Help, "Manage Access to a Connected App" and "OAuth Authorization Errors"."""

from __future__ import annotations

from salesforce_emulator.errors import OAuthError
from salesforce_emulator.world import World


def check_app(world: World) -> None:
    """Refuse an app that an admin blocked, or that is not installed."""
    application = world.org.application
    if application.blocked:
        raise OAuthError("OAUTH_APP_BLOCKED", "this app is blocked by admin")
    if not application.installed:
        raise OAuthError("invalid_client", "app must be installed into org")


def admit(world: World, user_id: str) -> None:
    """Refuse a user who is inactive, or whom the admin has not admitted."""
    schema = world.schemas.named("User")
    row = world.store[schema].get(user_id)
    assert row is not None, "the user was found before"
    active = schema.at("IsActive")
    if active is not None and row[active] is False:
        raise OAuthError("inactive_user", "user is inactive")
    admitted = world.org.application.admitted
    if admitted is not None and row[schema.position["username"]] not in admitted:
        raise OAuthError("invalid_app_access", "user is not admin approved to access this app")


def user_named(world: World, username: str) -> str | None:
    """The id of the user with this Username, in any case."""
    wanted = username.strip().lower()
    return next((user_id for user_id, name in world.usernames.items() if name.lower() == wanted), None)
