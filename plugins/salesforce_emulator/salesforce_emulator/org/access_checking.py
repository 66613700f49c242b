"""Check what an org file says about versions, apps and users."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from salesforce_emulator.org.access import Application
from salesforce_emulator.org.certificate import check_certificate
from salesforce_emulator.org.model import Org, Versions

_KNOWN = Versions()


def access_problems(org: Org) -> Iterator[str]:
    """Yield every problem, each with its place in the org file."""
    if not _KNOWN.min <= org.versions.min <= org.versions.max <= _KNOWN.max:
        yield f"versions: min and max lie between {_KNOWN.min} and {_KNOWN.max}, min first"
    usernames = {record.get("Username") for record in org.objects["User"].records} if "User" in org.objects else set()
    yield from _app("application", org.application, usernames)
    for name, app in org.apps.items():
        yield from _app(f"apps.{name}", app, usernames)
    for client_id, count in Counter(app.client_id for app in org.every_app).items():
        if count > 1:
            yield f"apps: {count} apps have the clientId {client_id!r}"
    for username in org.users:
        if username not in usernames:
            yield f"users.{username}: no record of User has this Username"


def _app(place: str, app: Application, usernames: set[object]) -> Iterator[str]:
    if app.certificate is not None:
        try:
            check_certificate(app.certificate)
        except ValueError as error:
            yield f"{place}.certificate: {error}"
    for username in app.admitted or ():
        if username not in usernames:
            yield f"{place}.admitted: no record of User has the Username {username!r}"
