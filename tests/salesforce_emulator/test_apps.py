"""Connected apps and external client apps: who may log in with them, and what their tokens allow for how long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from salesforce_emulator import Emulator, OrgError, read_org

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.test_assertions import KEY, PUBLIC, answer
from tests.salesforce_emulator.test_web_login import Browser, read_callback

EXTERNAL = {
    "kind": "external",
    "clientId": "external-client",
    "clientSecret": "external-secret",
    "certificate": PUBLIC.decode(),
    "admitted": ["integration@emulator.invalid"],
}
CONNECTED = {"certificate": PUBLIC.decode(), "admitted": ["integration@emulator.invalid"]}
PRODUCTION, SANDBOX = "https://login.salesforce.com", "https://test.salesforce.com"
NOT_FOUND = {"error": "app_not_found", "error_description": "External client app is not installed in this org"}
EXPIRED = {"error": "invalid_grant", "error_description": "expired access/refresh token"}
DAY = 86_400


@pytest.fixture(scope="module")
def _shared_emulator() -> Iterator[Emulator]:
    with Emulator({"extends": "default", "application": CONNECTED, "apps": {"partner": EXTERNAL}}) as emulator:
        yield emulator


@pytest.fixture
def browser(emulator: Emulator) -> Iterator[Browser]:
    browser = Browser(emulator)
    yield browser
    browser.http.close()


class ExternalBrowser(Browser):
    """A browser that logs in with the external client app."""

    def open(self, **asked: str) -> requests.Response:
        return super().open(**{"client_id": "external-client", **asked})

    def token(self, **form: str) -> requests.Response:
        return super().token(**{"client_id": "external-client", "client_secret": "external-secret", **form})


@pytest.fixture
def external(emulator: Emulator) -> Iterator[ExternalBrowser]:
    browser = ExternalBrowser(emulator)
    yield browser
    browser.http.close()


def by_external(client: Client, **claims: Any) -> dict[str, str]:
    return answer(client, iss="external-client", **claims)


# Audiences


@pytest.mark.parametrize("sandbox", [False, True])
def test_the_my_domain_is_an_audience_for_both_kinds_of_app_in_every_org(client: Client, sandbox: bool) -> None:
    client.emulator.change_org({"sandbox": sandbox})
    for host in (client.emulator.instance_url, client.emulator.login_url):
        assert "access_token" in answer(client, aud=host)
        assert "access_token" in by_external(client, aud=host)


@pytest.mark.parametrize("sandbox", [False, True])
@pytest.mark.parametrize("audience", [PRODUCTION, SANDBOX])
def test_an_external_client_app_refuses_the_generic_hosts(client: Client, sandbox: bool, audience: str) -> None:
    client.emulator.change_org({"sandbox": sandbox})
    assert by_external(client, aud=audience) == NOT_FOUND


def test_a_connected_app_takes_the_generic_host_of_its_kind_of_org(client: Client) -> None:
    invalid = {"error": "invalid_grant", "error_description": "audience is invalid"}
    assert "access_token" in answer(client, aud=PRODUCTION)
    assert answer(client, aud=SANDBOX) == invalid
    client.emulator.change_org({"sandbox": True})
    assert "access_token" in answer(client, aud=SANDBOX)
    assert answer(client, aud=PRODUCTION) == invalid


@pytest.mark.parametrize(
    "audience", ["https://other.my.salesforce.com", "", None, [PRODUCTION], "login.salesforce.com"]
)
def test_any_other_audience_is_invalid_for_both_kinds(client: Client, audience: Any) -> None:
    for app in (answer, by_external):
        said = app(client, aud=audience)
        assert said["error"] == "invalid_grant"
        assert said["error_description"] == ("invalid assertion" if audience is None else "audience is invalid")


def test_a_login_host_of_every_org_is_a_generic_audience(client: Client) -> None:
    client.emulator.change_org({"genericLogin": True})
    host = client.emulator.login_url
    assert "access_token" in answer(client, aud=host)
    assert by_external(client, aud=host) == NOT_FOUND
    assert "access_token" in by_external(client, aud=client.emulator.instance_url)


# Installed, blocked, approved


def test_an_external_client_app_that_is_not_installed_is_told_so_after_the_login(external: ExternalBrowser) -> None:
    external.emulator.change_app("partner", installed=False)
    page = external.open()
    assert (page.status_code, 'id="allow"' in page.text) == (200, True)
    again = external.press(page, password="wrong")
    assert "check your username and password" in again.text, "no login, no answer"
    assert read_callback(external.press(again)) == {
        "error": "OAUTH_EC_APP_NOT_FOUND",
        "error_description": "External client app is not installed in this org",
        "state": "9f&2c",
    }


def test_an_external_client_app_that_is_not_installed_gets_no_token(client: Client, external: ExternalBrowser) -> None:
    token = external.log_in()["refresh_token"]
    external.emulator.change_app("partner", installed=False)
    assert by_external(client, aud=client.emulator.instance_url) == NOT_FOUND
    assert external.refresh(token).json() == NOT_FOUND
    assert external.token(grant_type="client_credentials").json() == NOT_FOUND
    assert client.login().ok, "the other app is installed"


def test_a_connected_app_that_is_not_installed_never_shows_the_login(client: Client, browser: Browser) -> None:
    client.emulator.change_app(installed=False)
    page = browser.open()
    assert (page.status_code, 'id="allow"' in page.text) == (400, False)
    assert answer(client) == {"error": "invalid_client", "error_description": "app must be installed into org"}
    assert "access_token" in by_external(client, aud=client.emulator.instance_url)


def test_an_app_that_the_org_never_had_is_an_unknown_client(client: Client, browser: Browser) -> None:
    client.emulator.change_org({"apps": {"partner": None}})
    unknown = {"error": "invalid_client_id", "error_description": "client identifier invalid"}
    assert by_external(client, aud=client.emulator.instance_url) == unknown
    assert client.login(client_id="external-client", client_secret="external-secret").json() == unknown
    assert "invalid_client_id" in browser.open(client_id="external-client").text


def test_one_app_that_is_blocked_does_not_block_another(client: Client, external: ExternalBrowser) -> None:
    client.emulator.change_app("partner", blocked=True)
    blocked = {"error": "OAUTH_APP_BLOCKED", "error_description": "this app is blocked by admin"}
    assert by_external(client, aud=client.emulator.instance_url) == blocked
    assert read_callback(external.open()) == {**blocked, "state": "9f&2c"}
    assert "access_token" in answer(client)


def test_users_are_admitted_to_each_app(client: Client, external: ExternalBrowser) -> None:
    refused = {"error": "invalid_app_access", "error_description": "user is not admin approved to access this app"}
    second = "second@emulator.invalid"
    assert by_external(client, aud=client.emulator.instance_url, sub=second) == refused
    assert read_callback(external.press(external.open(), username=second))["error"] == "OAUTH_APP_ACCESS_DENIED"
    client.emulator.change_app(admitted=[second])
    assert "access_token" in answer(client, sub=second)
    assert by_external(client, aud=client.emulator.instance_url, sub=second) == refused


def test_what_a_user_approved_of_one_app_is_no_approval_of_another(client: Client, external: ExternalBrowser) -> None:
    client.emulator.change_app(admitted=None)
    client.emulator.change_app("partner", admitted=None)
    external.code()
    assert "access_token" in by_external(client, aud=client.emulator.instance_url)
    assert answer(client) == {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}


# Each app has its own


def test_each_app_has_its_own_secret_and_scopes(client: Client) -> None:
    invalid = {"error": "invalid_client", "error_description": "invalid client credentials"}
    wrong = client.login(client_id="external-client", client_secret=client.emulator.client_secret)
    assert (wrong.status_code, wrong.json()) == (400, invalid)
    client.emulator.change_app("partner", scopes=["api", "openid"])
    right = client.login(client_id="external-client", client_secret="external-secret").json()
    assert right["scope"] == "api openid"
    assert client.rest("GET", "/limits").ok


def test_an_assertion_is_verified_with_the_certificate_of_the_app_that_it_names(client: Client) -> None:
    client.emulator.change_app("partner", certificate=None)
    assert by_external(client, aud=client.emulator.instance_url)["error_description"] == "invalid assertion"
    assert "access_token" in answer(client, KEY)


def test_codes_and_refresh_tokens_of_one_app_are_worth_nothing_to_another(
    browser: Browser, external: ExternalBrowser
) -> None:
    code = external.code()
    assert browser.token(code=code).json()["error_description"] == "invalid authorization code"
    token = external.token(code=code).json()["refresh_token"]
    assert browser.refresh(token).json() == EXPIRED
    assert external.refresh(token).ok


def test_two_apps_cannot_share_a_client_id() -> None:
    with pytest.raises(OrgError) as caught:
        read_org(
            {"extends": "default", "apps": {"one": {**EXTERNAL, "clientId": "emulator-client", "admitted": ["x"]}}}
        )
    assert caught.value.problems == [
        "apps.one.admitted: no record of User has the Username 'x'",
        "apps: 2 apps have the clientId 'emulator-client'",
    ]


# Refresh tokens


def test_a_refresh_token_that_is_used_lives_and_an_idle_one_ends_after_30_days(browser: Browser) -> None:
    token = browser.log_in()["refresh_token"]
    for _ in range(3):
        browser.emulator.advance(29 * DAY)
        assert browser.refresh(token).ok
    browser.emulator.advance(30 * DAY + 1)
    answer = browser.refresh(token)
    assert (answer.status_code, answer.json()) == (400, EXPIRED)


def test_the_idle_days_of_a_rotated_refresh_token_begin_with_it(browser: Browser) -> None:
    browser.emulator.change_app(rotate_refresh_tokens=True)
    token = browser.log_in()["refresh_token"]
    for _ in range(2):
        browser.emulator.advance(20 * DAY)
        token = browser.refresh(token).json()["refresh_token"]
    browser.emulator.advance(31 * DAY)
    assert browser.refresh(token).json() == EXPIRED


def test_looking_at_a_refresh_token_does_not_use_it(browser: Browser) -> None:
    emulator, token = browser.emulator, browser.log_in()["refresh_token"]
    form = {"token": token, "client_id": emulator.client_id, "client_secret": emulator.client_secret}
    url = f"{emulator.login_url}/services/oauth2/introspect"
    for active in (True, False):
        emulator.advance(16 * DAY)
        assert browser.http.post(url, data=form).json()["active"] is active


def test_an_app_may_give_refresh_tokens_other_idle_days_or_none(browser: Browser) -> None:
    browser.emulator.change_app(refresh_token_idle_seconds=100)
    token = browser.log_in()["refresh_token"]
    browser.emulator.advance(101)
    assert browser.refresh(token).json() == EXPIRED
    browser.emulator.change_org({"application": {"refreshTokenIdleSeconds": 1e12}})
    token = browser.log_in()["refresh_token"]
    browser.emulator.advance(1_000 * DAY)
    assert browser.refresh(token).ok


# DPoP


def test_an_app_that_requires_dpop_gives_tokens_that_no_bearer_can_use(client: Client, emulator: Emulator) -> None:
    emulator.change_app(dpop_required=True)
    for said in (client.login().json(), answer(client)):
        assert said["token_type"] == "DPoP"
        client.token = said["access_token"]
        refused = client.rest("GET", "/limits")
        assert (refused.status_code, refused.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
        assert b"InvalidSessionId" in client.bulk("GET", "/7505g0000000001AAA").content
    emulator.change_app(dpop_required=False)
    assert client.login().json()["token_type"] == "Bearer"
    assert client.rest("GET", "/limits").ok


def test_a_refreshed_token_is_bound_too(browser: Browser) -> None:
    token = browser.log_in()["refresh_token"]
    browser.emulator.change_app(dpop_required=True)
    refreshed = browser.refresh(token).json()
    assert refreshed["token_type"] == "DPoP"
    assert not browser.works(refreshed["access_token"])
