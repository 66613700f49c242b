"""Call the OAuth endpoints of a login host: get a token, and revoke one (Salesforce Help, "OAuth Endpoints")."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

from attrs import field, frozen

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.ids import to18
from connector_salesforce.transport.answer_shape import TEXT, MemberKind, Shape, optional, require_object, unreadable
from connector_salesforce.transport.credentials import Login
from connector_salesforce.transport.error_bodies import fault
from connector_salesforce.transport.hosts import HostError, instance_origin
from connector_salesforce.transport.json_body import read_json
from connector_salesforce.transport.sending import Answer, Request, Transport
from connector_sdk import Executed

_ORG = "00D"
"""The first characters of an org's id."""

_TOKEN: Shape = {
    "access_token": MemberKind(
        "a token in one line of ASCII",
        lambda value: isinstance(value, str) and re.fullmatch("[!-~]+", value) is not None,
    ),
    "instance_url": TEXT,
    "id": TEXT,
    "refresh_token": optional(TEXT),
    "token_type": optional(TEXT),
}
"""The members of a token answer.

The token must be ASCII in one line, because it travels in a header ("OAuth 2.0 Bearer Token Usage").
"""


@frozen
class Granted:
    """What a token answer grants. `instance`, the address of the API, is not checked yet."""

    token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    instance: str
    org_id: str
    user_id: str
    token_type: str = "Bearer"

    def login(self, login_origin: str) -> Login:
        """Return the session. Raises `CallFailed` if its host is not Salesforce's or its token is bound to a key.

        The type of a token says whether it is bound to a key (Salesforce Help, "OAuth 2.0 DPoP Guide"; RFC 9449).
        """
        if self.token_type.lower() == "dpop":
            raise CallFailed("DPOP_REQUIRED", "the app gives only tokens that are bound to a key (DPoP)", Executed.NO)
        try:
            return Login(self.token, instance_origin(self.instance, login_origin), self.org_id, self.user_id)
        except HostError as error:
            raise CallFailed("FOREIGN_HOST", str(error), Executed.NO) from None


def request_token(
    transport: Transport,
    login_origin: str,
    form: Mapping[str, str],
    keep: Callable[[Granted], None] | None = None,
) -> Granted:
    """Return what the token endpoint grants for a form. Raises `CallFailed` with the endpoint's code if it refuses.

    `keep` receives the answer before the call is reported. It stores the refresh token at once, because a lost refresh
    token is a lost login.
    """

    def keep_grant(answer: Answer) -> None:
        found = _read_grant(answer) if keep is not None and answer.status == 200 else None
        if keep is not None and found is not None:
            keep(found)

    return _read(_post_form(transport, f"{login_origin}/services/oauth2/token", form, keep_grant))


def revoke(transport: Transport, login_origin: str, token: str) -> None:
    """Revoke a token and its sessions, unless it has ended ("Revoke OAuth Tokens"). Raises `CallFailed`."""
    try:
        _post_form(transport, f"{login_origin}/services/oauth2/revoke", {"token": token})
    except CallFailed as error:
        if error.status != 400:
            raise


def _post_form(
    transport: Transport, url: str, form: Mapping[str, str], kept: Callable[[Answer], None] | None = None
) -> Answer:
    body = urlencode(form).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    answer = transport.send(Request("POST", url, headers, body, body, private=True, kept=kept))
    if answer.status != 200:
        raise fault(answer.status, answer.headers, answer.body)
    return answer


def _read_grant(answer: Answer) -> Granted | None:
    """Return what an answer grants, or None if it cannot be read. That error is raised after the call is reported."""
    try:
        return _read(answer)
    except CallFailed:
        return None


def _read(answer: Answer) -> Granted:
    """Return the contents of a token answer. Its `id` is a URL that ends in the ids of org and user."""
    try:
        said = require_object(read_json(answer.body), _TOKEN, "the token answer")
        org_id, user_id = (to18(part) for part in urlsplit(said["id"]).path.split("/")[-2:])
    except (ValueError, CallFailed):
        raise unreadable("the token answer cannot be read", Executed.NO) from None  # it holds secrets
    if org_id is None or not org_id.startswith(_ORG):
        raise unreadable("the token answer names no org", Executed.NO)
    type_ = said.get("token_type") or "Bearer"
    user_id = user_id or ""
    return Granted(said["access_token"], said.get("refresh_token"), said["instance_url"], org_id, user_id, type_)
