"""Open a connection: check its settings, log in, and find out whose org it is."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from connector_salesforce import codes
from connector_salesforce.auth import log_in
from connector_salesforce.client import Client
from connector_salesforce.config import Config, problems
from connector_salesforce.credentials import Credentials
from connector_salesforce.failure import CallFailed
from connector_salesforce.org import Org
from connector_salesforce.soql import select
from connector_salesforce.transport import Transport
from connector_sdk import ConfigError, Connection, ExitCode, Host, Kind, Problem


def connect(config: Config, host: Host) -> Connection:
    """An open connection. Raises `ConfigError` when logging in cannot succeed, `CallFailed` when it may later."""
    found = list(problems(config))
    if found:
        raise ConfigError(found)
    transport = Transport(host.call_finished)
    try:
        credentials = Credentials(lambda: log_in(config, transport, host))
        org = Org(Client(transport, credentials, config.api_version))
        return _connection(org, _about(org), _user(org))
    except CallFailed as error:
        transport.close()
        known = codes.classify_call(error)
        if known.kind is not Kind.FATAL:
            raise
        problem = Problem(f"Salesforce refused the login: {error}", ("auth",), known.advice)
        raise ConfigError([problem], exit_code=ExitCode.UNREACHABLE) from None


def _connection(org: Org, about: Mapping[str, Any], user: str) -> Connection:
    org_id = org.client.login.org_id
    sandbox = about.get("IsSandbox")
    production = not sandbox if isinstance(sandbox, bool) else None
    place = {None: "kind of org unknown", True: "production", False: "sandbox"}[production]
    name = about.get("Name") or "Salesforce org"
    return Connection(org, org_id, f"{name} ({org_id}), {user}, {place}", production, org.close)


def _about(org: Org) -> Mapping[str, Any]:
    """The org's name and kind (Object Reference, "Organization"); nothing where the user may not see them."""
    with contextlib.suppress(CallFailed):
        for each in org.query(select(["Id", "Name", "IsSandbox", "OrganizationType"], "Organization")):
            return each
    return {}


def _user(org: Org) -> str:
    """The user's name (Salesforce Help, "The UserInfo Endpoint"), or the id where it cannot be asked for."""
    with contextlib.suppress(CallFailed):
        said = org.client.get_page("/services/oauth2/userinfo")
        if isinstance(said, dict) and isinstance(said.get("preferred_username"), str):
            return f"user {said['preferred_username']}"
    return f"user {org.client.login.user_id}"
