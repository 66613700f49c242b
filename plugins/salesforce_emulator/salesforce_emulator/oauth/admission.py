"""Check who may use an app.

Help, "Manage Access to a Connected App", "OAuth Authorization Errors", "Freeze Users".
"""

from __future__ import annotations

from salesforce_emulator.errors import OAuthError
from salesforce_emulator.org.access import Application
from salesforce_emulator.world import World

NOT_IN_THIS_ORG = "External client app is not installed in this org"


def check_app(app: Application) -> None:
    """Raise OAuthError for an app that an admin blocked, or that is not installed."""
    if app.blocked:
        raise OAuthError("OAUTH_APP_BLOCKED", "this app is blocked by admin")
    if not app.installed and app.kind == "external":
        raise OAuthError("app_not_found", NOT_IN_THIS_ORG)
    if not app.installed:
        raise OAuthError("invalid_client", "app must be installed into org")


def check_user(world: World, user_id: str) -> None:
    """Raise OAuthError for a user who may not log in to any app."""
    if not can_log_in(world, user_id):
        raise OAuthError("inactive_user", "user is inactive")
    if world.login_state(user_id).outside_ip_range:
        raise OAuthError("invalid_grant", "ip restricted")


def admit(world: World, app: Application, user_id: str) -> None:
    """Raise OAuthError for a user who may not log in, or whom no admin admitted to the app."""
    check_user(world, user_id)
    if app.admitted is not None and world.usernames[user_id] not in app.admitted:
        raise OAuthError("invalid_app_access", "user is not admin approved to access this app")


def can_log_in(world: World, user_id: str) -> bool:
    """Return whether a user is active and not frozen."""
    schema = world.schemas.get("User")
    row = world.store[schema].get(user_id)
    assert row is not None, "the user was found before"
    active = schema.at("IsActive")
    return (active is None or row[active] is not False) and not world.login_state(user_id).frozen


def user_named(world: World, username: str) -> str | None:
    """Return the id of the user with this Username, in any case."""
    wanted = username.strip().lower()
    return next((user_id for user_id, name in world.usernames.items() if name.lower() == wanted), None)


def find_user_by_password(world: World, username: str, password: str, token: bool = False) -> str | None:
    """Return the id of the user with this Username and password.

    Return None if they are wrong or the user is locked out. `token`: a security token may follow the password.
    """
    user_id = user_named(world, username)
    right = password.startswith(world.org.password) if token else password == world.org.password
    if user_id is None or not right or world.login_state(user_id).locked_out:
        return None
    return user_id
