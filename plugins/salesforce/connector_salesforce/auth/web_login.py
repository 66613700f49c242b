"""Log in through the browser by the web server flow with PKCE, and receive its answer on this machine.

Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration" and "Proof Key for Code Exchange".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from attrs import field, frozen

from connector_salesforce.auth.loopback import listen
from connector_salesforce.auth.oauth import Granted, request_token
from connector_salesforce.auth.stored_login import StoredLogin, app_form
from connector_salesforce.errors.codes import normalize_code
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import Web
from connector_salesforce.transport.sending import Transport
from connector_sdk import Executed, Host

LOGIN_SECONDS = 300.0
"""Seconds that a person has to log in in the browser."""

_SCOPES = "api refresh_token"


@frozen
class _Asked:
    """What ties an answer to this login: a state that comes back, and a verifier that no other program has."""

    state: str = field(factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(factory=lambda: secrets.token_urlsafe(64), repr=False)

    @property
    def challenge(self) -> str:
        """The verifier's hash, which travels through the browser."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def log_in_by_browser(
    auth: Web, login_origin: str, transport: Transport, host: Host, show: Callable[[str], None]
) -> None:
    """Show the URL at which a person logs in, wait for the answer, and store the login.

    Raises `CallFailed` if Salesforce or the person refuses, and `RunStopped` if no answer comes within five minutes.
    """
    asked = _Asked()
    host.hide(asked.verifier)
    with listen(auth.callback_urls) as listener:
        show(_authorize_url(auth, login_origin, listener.url, asked))
        code = _code(listener.answer(LOGIN_SECONDS), asked.state)
        callback = listener.url
    host.hide(code)
    _exchange(auth, login_origin, callback, code, asked, transport, host)


def _authorize_url(auth: Web, login_origin: str, callback: str, asked: _Asked) -> str:
    parameters = {
        "response_type": "code",
        "client_id": auth.client_id,
        "redirect_uri": callback,
        "scope": _SCOPES,
        "state": asked.state,
        "code_challenge": asked.challenge,
        "code_challenge_method": "S256",
    }
    return f"{login_origin}/services/oauth2/authorize?{urlencode(parameters, quote_via=quote)}"


def _code(answer: Mapping[str, str], state: str) -> str:
    """Return the authorization code of an answer to this login. Raises `CallFailed` for any other answer."""
    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise CallFailed("LOGIN_STATE_WRONG", "the answer from the browser belongs to another login", Executed.NO)
    if "error" in answer:
        message = answer.get("error_description") or answer["error"]
        raise CallFailed(normalize_code(answer["error"], message), message, Executed.NO, status=400)
    if not answer.get("code"):
        raise CallFailed("ANSWER_UNREADABLE", "the answer in the browser has no code", Executed.NO)
    return answer["code"]


def _exchange(
    auth: Web, login_origin: str, callback: str, code: str, asked: _Asked, transport: Transport, host: Host
) -> None:
    def keep(answer: Granted) -> None:
        host.hide(answer.token)
        if answer.refresh_token is None:
            raise CallFailed("NO_REFRESH_TOKEN", "the app gives no refresh token", Executed.NO)
        host.hide(answer.refresh_token)
        StoredLogin(login_origin, auth.client_id, answer.refresh_token, used_at=time.time()).save(host.tokens)

    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback,
        "code_verifier": asked.verifier,
        **app_form(auth, host),
    }
    request_token(transport, login_origin, form, keep).login(login_origin)
