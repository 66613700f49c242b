"""Log in to Salesforce: exchange what the configuration holds for a session."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from connector_salesforce.config import Config
from connector_salesforce.credentials import Login
from connector_salesforce.failure import CallFailed
from connector_salesforce.faults import fault
from connector_salesforce.hosts import HostError, instance_origin, origin
from connector_salesforce.ids import to18
from connector_salesforce.transport import Answer, Request, Transport
from connector_sdk import Executed, Host


def log_in(config: Config, transport: Transport, host: Host) -> Login:
    """A new session by the client credentials flow (Salesforce Help, "OAuth 2.0 Client Credentials Flow").

    Raises `CallFailed` with the code of the token endpoint when it refuses.
    """
    login_origin = origin(config.login_url)
    secret = config.auth.client_secret.reveal()
    host.hide(secret)
    form = {"grant_type": "client_credentials", "client_id": config.auth.client_id, "client_secret": secret}
    login = _login(_posted(transport, login_origin, form), login_origin)
    host.hide(login.token)
    return login


def _posted(transport: Transport, login_origin: str, form: Mapping[str, str]) -> Answer:
    body = urlencode(form).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    request = Request("POST", f"{login_origin}/services/oauth2/token", headers, body, body, private=True)
    answer = transport.send(request)
    if answer.status != 200:
        raise fault(answer.status, answer.headers, answer.body)
    return answer


def _login(answer: Answer, login_origin: str) -> Login:
    """The session in a token answer. Its `id` is a URL that ends in the ids of org and user."""
    try:
        said: Any = json.loads(answer.body)
        token, instance = str(said["access_token"]), str(said["instance_url"])
        org_id, user_id = (to18(part) or part for part in urlsplit(str(said["id"])).path.split("/")[-2:])
    except (ValueError, KeyError, TypeError):
        raise CallFailed("ANSWER_UNREADABLE", "the token answer is not one of Salesforce", Executed.NO) from None
    if not token or not org_id:
        raise CallFailed("ANSWER_UNREADABLE", "the token answer names no token or no org", Executed.NO)
    try:
        return Login(token, instance_origin(instance, login_origin), org_id, user_id)
    except HostError as error:
        raise CallFailed("FOREIGN_HOST", str(error), Executed.NO) from None
