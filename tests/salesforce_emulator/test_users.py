"""Users who cannot log in or call: frozen, inactive, locked out, with an expired password, outside of IP ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from salesforce_emulator import Emulator, OrgError, read_org

from tests.salesforce_emulator import soap
from tests.salesforce_emulator.client import Client, fault_of
from tests.salesforce_emulator.test_assertions import PUBLIC, answer
from tests.salesforce_emulator.test_web_login import Browser, read_callback

FIRST, SECOND = "integration@emulator.invalid", "second@emulator.invalid"
INACTIVE = {"error": "inactive_user", "error_description": "user is inactive"}
BAD_PASSWORD = (
    500,
    "sf:INVALID_LOGIN",
    "INVALID_LOGIN: Invalid username, password, security token; or user locked out.",
)


@pytest.fixture(scope="module")
def _shared_emulator() -> Iterator[Emulator]:
    application = {"certificate": PUBLIC.decode(), "admitted": [FIRST, SECOND], "passwordFlow": True}
    with Emulator({"extends": "default", "application": application}) as emulator:
        yield emulator


@pytest.fixture
def browser(emulator: Emulator) -> Iterator[Browser]:
    browser = Browser(emulator)
    yield browser
    browser.http.close()


def by_password(client: Client) -> Any:
    form = {"grant_type": "password", "username": FIRST, "password": client.emulator.password}
    return client.login(**form).json()


def by_browser(client: Client) -> dict[str, str]:
    browser = Browser(client.emulator)
    back = read_callback(browser.press(browser.open()))
    browser.http.close()
    back.pop("state")
    return back


def by_soap(client: Client, username: str = FIRST) -> requests.Response:
    emulator = client.emulator
    inner = f"<u:username>{username}</u:username><u:password>{emulator.password}</u:password>"
    url = f"{emulator.login_url}/services/Soap/u/58.0"
    return client.http.post(url, data=soap.message("login", inner, None), headers=soap.HEADERS)


def deactivate(emulator: Emulator) -> None:
    emulator.update("User", {"Id": emulator.records("User")[0]["Id"], "IsActive": False})


def freeze(emulator: Emulator) -> None:
    emulator.change_user(frozen=True)


CLOSED = pytest.mark.parametrize("close", [freeze, deactivate])


@CLOSED
def test_who_is_frozen_or_inactive_is_let_in_by_no_flow(client: Client, close: Callable[[Emulator], None]) -> None:
    close(client.emulator)
    assert client.login().json() == INACTIVE
    assert answer(client) == INACTIVE
    assert by_password(client) == INACTIVE
    assert by_browser(client) == INACTIVE
    assert soap.fault(by_soap(client)) == BAD_PASSWORD


def test_freezing_ends_sessions_and_refresh_tokens_at_once(client: Client, browser: Browser) -> None:
    tokens = browser.log_in()
    freeze(client.emulator)
    assert not browser.works(tokens["access_token"])
    assert client.rest("GET", "/limits").json()[0]["errorCode"] == "INVALID_SESSION_ID"
    assert browser.refresh(tokens["refresh_token"]).json() == {
        "error": "invalid_grant",
        "error_description": "expired access/refresh token",
    }


def test_a_user_who_is_not_frozen_any_more_has_to_log_in_again(client: Client, browser: Browser) -> None:
    tokens = browser.log_in()
    freeze(client.emulator)
    client.emulator.change_user(frozen=False)
    assert not browser.works(tokens["access_token"])
    assert not browser.refresh(tokens["refresh_token"]).ok
    assert browser.works(browser.log_in()["access_token"])
    assert client.login().ok


def test_freezing_one_user_leaves_the_others_alone(client: Client, browser: Browser) -> None:
    client.emulator.change_user(SECOND, frozen=True)
    assert client.rest("GET", "/limits").ok
    assert answer(client, sub=SECOND) == INACTIVE
    assert "access_token" in answer(client)
    assert read_callback(browser.press(browser.open(), username=SECOND))["error"] == "inactive_user"


def test_a_code_from_before_the_freeze_gives_no_token(browser: Browser) -> None:
    code = browser.code()
    freeze(browser.emulator)
    assert browser.token(code=code).json() == INACTIVE


def test_a_reset_takes_the_freeze_back(client: Client, emulator: Emulator) -> None:
    freeze(emulator)
    emulator.reset()
    assert client.login().ok


def test_the_side_door_freezes_too(client: Client, emulator: Emulator) -> None:
    change = {"users": {FIRST: {"frozen": True}}}
    url = f"{emulator.instance_url}/__emulator__/org"
    assert requests.post(url, json=change, timeout=5).status_code == 204
    assert client.rest("GET", "/limits").status_code == 401
    assert client.login().json() == INACTIVE


def test_a_lockout_refuses_the_password_and_nothing_else(client: Client, browser: Browser) -> None:
    token = browser.log_in()["refresh_token"]
    client.emulator.change_user(locked_out=True)
    assert by_password(client) == {"error": "invalid_grant", "error_description": "authentication failure"}
    assert soap.fault(by_soap(client)) == BAD_PASSWORD
    assert "check your username and password" in browser.press(browser.open()).text
    assert browser.refresh(token).ok
    assert "access_token" in answer(client)
    assert client.login().ok


def test_who_is_outside_of_the_ranges_of_his_profile_is_refused_by_every_flow(client: Client, browser: Browser) -> None:
    token = browser.log_in()["refresh_token"]
    client.emulator.change_user(outside_ip_range=True)
    restricted = {"error": "invalid_grant", "error_description": "ip restricted"}
    assert client.login().json() == restricted
    assert answer(client) == restricted
    assert by_password(client) == restricted
    assert by_browser(client) == restricted
    assert browser.refresh(token).json() == restricted
    assert soap.fault(by_soap(client))[:2] == (500, "sf:LOGIN_DURING_RESTRICTED_DOMAIN")
    assert by_soap(client, SECOND).ok


def test_an_expired_password_is_told_by_login_and_refuses_the_calls_of_the_user(client: Client) -> None:
    assert "<passwordExpired>false" in by_soap(client).text
    client.emulator.change_user(password_expired=True)
    assert "<passwordExpired>true" in by_soap(client).text
    refused = client.rest("GET", "/limits")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (403, "INVALID_OPERATION_WITH_EXPIRED_PASSWORD")
    assert client.rest("GET", "/jobs/ingest").status_code == 403
    called = soap.post(client, soap.message("getUserInfo", "", client.token))
    assert soap.fault(called)[:2] == (500, "sf:INVALID_OPERATION_WITH_EXPIRED_PASSWORD")
    assert fault_of(client.bulk("GET", "/7505g0000000001AAA"))[:2] == (400, "InvalidUser")
    client.emulator.change_user(password_expired=False)
    assert client.rest("GET", "/limits").ok


def test_an_org_file_names_users_that_exist_and_states_that_there_are() -> None:
    with pytest.raises(OrgError, match=r"users\.stranger: no record of User has this Username"):
        read_org({"extends": "default", "users": {"stranger": {"frozen": True}}})
    with pytest.raises(OrgError, match="frosen"):
        read_org({"extends": "default", "users": {FIRST: {"frosen": True}}})


def test_a_user_may_be_frozen_from_the_start() -> None:
    with Emulator({"extends": "default", "users": {FIRST: {"frozen": True}}}) as emulator:
        client = Client(emulator)
        assert client.login().json() == INACTIVE
        client.close()
