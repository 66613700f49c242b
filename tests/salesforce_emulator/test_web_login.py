"""The web-server flow: the page, the way back, codes, verifiers, refresh tokens."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests
from salesforce_emulator import Emulator

CALLBACK = "http://localhost:1717/OauthRedirect"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
_HIDDEN = re.compile(r'type="hidden" name="([^"]*)" value="([^"]*)"')


class Browser:
    """Opens the login page as an app asks for it, fills the form in, follows no redirect."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.http = requests.Session()
        self.http.trust_env = False
        self.authorize = f"{emulator.login_url}/services/oauth2/authorize"

    def open(self, **asked: str) -> requests.Response:
        whole = {"response_type": "code", "client_id": self.emulator.client_id, "redirect_uri": CALLBACK}
        whole |= {"state": "9f&2c", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **asked}
        sent = {name: value for name, value in whole.items() if value}
        return self.http.get(self.authorize, params=sent, allow_redirects=False)

    def press(self, page: requests.Response, decision: str = "allow", **typed: str) -> requests.Response:
        carried = {unescape(name): unescape(value) for name, value in _HIDDEN.findall(page.text)}
        person = {"username": self.emulator.username, "password": self.emulator.password}
        form = {**carried, **person, "decision": decision, **typed}
        return self.http.post(self.authorize, data=form, allow_redirects=False)

    def code(self, **asked: str) -> str:
        return read_callback(self.press(self.open(**asked)))["code"]

    def token(self, **form: str) -> requests.Response:
        client = {"client_id": self.emulator.client_id, "client_secret": self.emulator.client_secret}
        whole = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **client}
        sent = {name: value for name, value in {**whole, **form}.items() if value}
        return self.http.post(f"{self.emulator.login_url}/services/oauth2/token", data=sent)

    def log_in(self, **asked: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.token(code=self.code(**asked)).json()
        return answer

    def refresh(self, token: str) -> requests.Response:
        return self.token(grant_type="refresh_token", refresh_token=token)

    def works(self, token: str) -> bool:
        url = f"{self.emulator.instance_url}/services/data/v58.0/limits"
        return self.http.get(url, headers={"Authorization": f"Bearer {token}"}).ok


def read_callback(answer: requests.Response) -> dict[str, str]:
    """Return the query of the address to which the browser is redirected."""
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == CALLBACK
    return dict(parse_qsl(parts.query))


@pytest.fixture
def browser(emulator: Emulator) -> Iterator[Browser]:
    browser = Browser(emulator)
    yield browser
    browser.http.close()


def change(emulator: Emulator, **application: Any) -> None:
    emulator.change_org({"application": application})


def test_a_person_allows_an_app_which_exchanges_the_code_for_tokens(browser: Browser) -> None:
    page = browser.open()
    assert page.headers["Content-Type"].startswith("text/html")
    assert 'id="allow"' in page.text
    back = read_callback(browser.press(page))
    assert back["state"] == "9f&2c"
    answer = browser.token(code=back["code"])
    assert (answer.status_code, set(answer.json())) == (200, {
        *("access_token", "refresh_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"),
    })  # fmt: skip
    assert answer.json()["refresh_token"].startswith("5Aep861")
    assert browser.works(answer.json()["access_token"])


def test_another_user_may_log_in_and_a_wrong_password_asks_again(browser: Browser, emulator: Emulator) -> None:
    page = browser.open(login_hint="second@emulator.invalid")
    assert 'value="second@emulator.invalid"' in page.text
    again = browser.press(page, username="second@emulator.invalid", password="wrong")
    assert (again.status_code, "check your username and password" in again.text) == (200, True)
    back = read_callback(browser.press(again, username="Second@emulator.invalid"))
    user = emulator.records("User")[1]["Id"]
    assert browser.token(code=back["code"]).json()["id"].endswith(f"/{user}")


def test_who_denies_sends_the_app_access_denied(browser: Browser) -> None:
    back = read_callback(browser.press(browser.open(), "deny"))
    assert back == {
        "error": "access_denied",
        "error_description": "end-user denied authorization",
        "state": "9f&2c",
    }


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"client_id": "nobody"}, "invalid_client_id"),
        ({"redirect_uri": "https://elsewhere.invalid/cb"}, "redirect_uri_mismatch"),
    ],
)
def test_an_app_that_is_not_known_is_never_sent_back_to(browser: Browser, asked: dict[str, str], error: str) -> None:
    answer = browser.open(**asked)
    assert answer.status_code == 400
    assert f"error={error}" in answer.text


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_a_request_that_makes_no_sense_is_told_to_the_app(browser: Browser, asked: dict[str, str], error: str) -> None:
    assert read_callback(browser.open(**asked))["error"] == error


def test_only_configured_addresses_are_sent_back_to(browser: Browser, emulator: Emulator) -> None:
    change(emulator, callbackUrls=["http://localhost:1/cb"])
    assert "redirect_uri_mismatch" in browser.open().text
    change(emulator, callbackUrls=[CALLBACK])
    assert browser.open().status_code == 200


def test_an_app_may_have_to_prove_the_key_and_may_ask_for_known_scopes_only(
    browser: Browser, emulator: Emulator
) -> None:
    change(emulator, pkceRequired=True)
    assert read_callback(browser.open(code_challenge=""))["error"] == "invalid_request"
    assert read_callback(browser.press(browser.open(scope="api visualforce")))["error"] == "invalid_scope"
    assert "refresh_token" not in browser.log_in(scope="api")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:1717/Other"}, "redirect_uri_mismatch"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"code": "aPrxNothing"}, "invalid_grant"),
    ],
)
def test_a_code_is_worth_nothing_to_others(browser: Browser, form: dict[str, str], error: str) -> None:
    answer = browser.token(**{"code": browser.code(), **form})
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_code_can_be_redeemed_once_and_for_a_quarter_of_an_hour(browser: Browser, emulator: Emulator) -> None:
    expired = {"error": "invalid_grant", "error_description": "expired authorization code"}
    code = browser.code()
    assert browser.token(code=code).ok
    assert browser.token(code=code).json() == expired
    code = browser.code()
    emulator.advance(901)
    assert browser.token(code=code).json() == expired


def test_a_public_client_needs_no_secret_but_the_verifier(browser: Browser, emulator: Emulator) -> None:
    change(emulator, secretRequired=False)
    tokens = browser.token(code=browser.code(), client_secret="").json()
    assert browser.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"], client_secret="").ok
    assert not browser.token(code=browser.code(), client_secret="wrong").ok


def test_a_refresh_token_stays_where_tokens_do_not_rotate(browser: Browser) -> None:
    tokens = browser.log_in()
    for _ in range(2):
        answer = browser.refresh(tokens["refresh_token"]).json()
        assert "refresh_token" not in answer
        assert browser.works(answer["access_token"])
    assert browser.works(tokens["access_token"])


def test_with_rotation_the_old_refresh_token_is_dead_at_once(browser: Browser, emulator: Emulator) -> None:
    change(emulator, rotateRefreshTokens=True)
    first = browser.log_in()["refresh_token"]
    second = browser.refresh(first).json()["refresh_token"]
    refused = browser.refresh(first)
    assert refused.status_code == 400
    assert refused.json() == {"error": "invalid_grant", "error_description": "expired access/refresh token"}
    assert browser.refresh(second).json()["refresh_token"] not in (first, second)


def test_a_refresh_token_that_ends_while_it_is_used_does_not_come_back(emulator: Emulator) -> None:
    authorizations, app = emulator.world.authorizations, emulator.world.org.application
    token = authorizations.new_refresh_token(app, emulator.world.user_id, ("api",), authorizations.new_login())
    found = authorizations.refresh_token(app, token)
    assert found is not None
    authorizations.end(token)
    authorizations.use(found)
    assert authorizations.refresh_token(app, token) is None


def test_refresh_tokens_may_age_and_end_when_a_test_says_so(browser: Browser, emulator: Emulator) -> None:
    change(emulator, refreshTokenSeconds=100)
    tokens = browser.log_in()
    emulator.expire()
    assert not browser.works(tokens["access_token"])
    assert browser.refresh(tokens["refresh_token"]).ok
    emulator.advance(101)
    assert not browser.refresh(tokens["refresh_token"]).ok
    token = browser.log_in()["refresh_token"]
    emulator.expire(access=False, refresh=True)
    assert not browser.refresh(token).ok


def test_revoking_a_refresh_token_takes_its_access_tokens_along(browser: Browser, emulator: Emulator) -> None:
    mine, others = browser.log_in(), browser.log_in()
    later = browser.refresh(mine["refresh_token"]).json()["access_token"]
    url = f"{emulator.login_url}/services/oauth2/revoke"
    assert browser.http.post(url, data={"token": mine["refresh_token"]}).ok
    assert not browser.refresh(mine["refresh_token"]).ok
    assert [browser.works(token) for token in (mine["access_token"], later, others["access_token"])] == [
        *(False, False),
        True,
    ]


def test_introspection_tells_a_live_token_from_a_dead_one(browser: Browser, emulator: Emulator) -> None:
    tokens = browser.log_in()
    url = f"{emulator.login_url}/services/oauth2/introspect"

    def introspect(token: str, **form: str) -> Any:
        client = {"client_id": emulator.client_id, "client_secret": emulator.client_secret, **form}
        return browser.http.post(url, data={**client, "token": token}).json()

    assert introspect("gone") == {"active": False}
    access = introspect(tokens["access_token"])
    assert (access["active"], access["token_type"], access["username"]) == (True, "access_token", emulator.username)
    assert introspect(tokens["refresh_token"])["token_type"] == "refresh_token"
    assert introspect("gone", client_secret="wrong")["error"] == "invalid_client"


def test_the_admin_decides_who_may_use_the_app(browser: Browser, emulator: Emulator) -> None:
    change(emulator, blocked=True)
    blocked = {"error": "OAUTH_APP_BLOCKED", "error_description": "this app is blocked by admin"}
    assert read_callback(browser.open()) == {**blocked, "state": "9f&2c"}
    assert browser.token(grant_type="client_credentials").json() == blocked
    change(emulator, blocked=False, installed=False)
    page = browser.open()
    assert (page.status_code, "app must be installed into org" in page.text) == (400, True)
    assert "OAUTH_APPROVAL_ERROR_GENERIC" in page.text
    change(emulator, installed=True, admitted=["second@emulator.invalid"])
    assert read_callback(browser.press(browser.open()))["error"] == "OAUTH_APP_ACCESS_DENIED"
    assert "code" in read_callback(browser.press(browser.open(), username="second@emulator.invalid"))


def test_an_inactive_user_gets_no_tokens(browser: Browser, emulator: Emulator) -> None:
    token = browser.log_in()["refresh_token"]
    emulator.update("User", {"Id": emulator.records("User")[0]["Id"], "IsActive": False})
    assert browser.refresh(token).json() == {"error": "inactive_user", "error_description": "user is inactive"}
    assert read_callback(browser.press(browser.open()))["error"] == "inactive_user"


@pytest.mark.parametrize("code", ["OAUTH_APP_BLOCKED", "OAUTH_APPROVAL_ERROR_GENERIC", "access_denied"])
def test_any_error_can_be_sent_back_on_demand(browser: Browser, emulator: Emulator, code: str) -> None:
    emulator.faults(
        [{"match": {"path": "/services/oauth2/authorize"}, "do": {"error": {"code": code, "message": "no & no"}}}]
    )
    assert read_callback(browser.open()) == {"error": code, "error_description": "no & no", "state": "9f&2c"}


def test_what_an_app_sends_is_shown_as_text(browser: Browser) -> None:
    page = browser.open(state='"><script>alert(1)</script>')
    assert "<script>" not in page.text
    assert read_callback(browser.press(page))["state"] == '"><script>alert(1)</script>'


def test_openid_adds_an_id_token(browser: Browser, emulator: Emulator) -> None:
    change(emulator, scopes=["api", "openid"])
    answer = browser.log_in()
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["aud"]) == (answer["id"], emulator.client_id)
