"""Find out which org a connection has reached, and as which user."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.org import Org
from connector_salesforce.org.soql import select
from connector_salesforce.transport.answer_shape import FLAG, TEXT, Shape, optional

_PLACES = ((".scratch.my.", "scratch org"), ("-dev-ed.", "developer org"), ("--", "sandbox"))
"""The kinds of org, by a part of the org's host name (Salesforce Help, "My Domain URL Formats")."""

_ORGANIZATION: Shape = {
    "Name": optional(TEXT),
    "IsSandbox": optional(FLAG),
    "OrganizationType": optional(TEXT),
}


@frozen
class Identity:
    """An org and its user. `production` is None if the org does not say."""

    org_id: str
    org: str
    user: str
    kind: str
    production: bool | None
    instance: str

    @property
    def label(self) -> str:
        """The org, the user and the kind, in one line."""
        return f"{self.org} ({self.org_id}), user {self.user}, {self.kind}"


_HOPELESS = frozenset({
    "INVALID_SESSION_ID", "SESSION_NOT_USABLE", "OAUTH_EC_APP_NOT_FOUND", "CLIENT_NOT_ACCESSIBLE_FOR_USER",
    "API_CURRENTLY_DISABLED", "API_DISABLED_FOR_ORG",
})  # fmt: skip
"""The codes of a session with which no call can succeed."""


def identify(org: Org) -> Identity:
    """Ask an org for its name, its kind and its user. Leave out what the user may not see.

    Raises `CallFailed` if the login succeeded but none of its calls can.
    """
    login = org.client.login
    about = _about(org)
    sandbox = about.get("IsSandbox")
    return Identity(
        login.org_id,
        str(about.get("Name") or "Salesforce org"),
        login.username or _username(org) or login.user_id,
        _kind(about, urlsplit(login.instance).hostname or ""),
        not sandbox if isinstance(sandbox, bool) else None,
        login.instance,
    )


def _kind(about: Mapping[str, Any], host: str) -> str:
    """Return production or the kind of sandbox, and the edition, such as "sandbox dev, Enterprise Edition"."""
    sandbox, edition = about.get("IsSandbox"), about.get("OrganizationType")
    if not isinstance(sandbox, bool):
        return "kind of org unknown"
    place = next((name for part, name in _PLACES if part in host), "sandbox" if sandbox else "production")
    if place == "sandbox" and "--" in host:
        place = f"sandbox {host.partition('--')[2].partition('.')[0]}"
    return f"{place}, {edition}" if edition else place


def _about(org: Org) -> Mapping[str, Any]:
    """Return the org's name and kind (Object Reference, "Organization"), or nothing if the user may not see them.

    Raises `CallFailed` if no call of this session can succeed.
    """
    try:
        return next(org.query(select(["Id", *_ORGANIZATION], "Organization"), _ORGANIZATION), {})
    except CallFailed as error:
        if error.code in _HOPELESS:
            raise
        return {}


def _username(org: Org) -> str | None:
    """Return the user's name (Salesforce Help, "The UserInfo Endpoint"), or None if the org does not tell it."""
    with contextlib.suppress(CallFailed):
        said = org.client.get_page("/services/oauth2/userinfo")
        if isinstance(said, dict) and isinstance(said.get("preferred_username"), str):
            return str(said["preferred_username"])
    return None
