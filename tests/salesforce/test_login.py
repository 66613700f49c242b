from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

import pytest
from connector_salesforce.auth import login
from connector_salesforce.config import Config, Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import ClientCredentials
from connector_salesforce.transport.redaction import redact, without_tokens

from connector_sdk import ConfigError, Connection, Secret
from connector_sdk.testing.doubles import RecordingHost

from .scripted import ScriptedTransport, answer

MY_DOMAIN = "https://acme.my.salesforce.com"
TOKEN_URL = "/services/oauth2/token"
GOOD = {
    "access_token": "00Dxx0000001gPL!token", "instance_url": "https://acme.my.salesforce.com", "token_type": "Bearer",
    "id": "https://login.salesforce.com/id/00Dxx0000001gPLEAY/005xx000001SwiUAAS", "issued_at": "1735689600000",
}  # fmt: skip


def config(login_url: str = "https://acme.my.salesforce.com", **more: Any) -> Config:
    auth = ClientCredentials("client_credentials", "a-client-id", Secret("a-client-secret"))
    return Config(login_url, auth=auth, **more)


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> ScriptedTransport:
    scripted = ScriptedTransport()
    monkeypatch.setattr(login, "Transport", lambda told: scripted)
    return scripted


def connect(transport: ScriptedTransport, host: RecordingHost | None = None, **more: Any) -> Connection:
    return login.connect(config(**more), host or RecordingHost())


def assert_no_token_was_sent(transport: ScriptedTransport) -> None:
    """Check that all calls but the first go to the login host, and without a token."""
    (_, *others) = transport.requests
    assert not [each for each in others if "Authorization" in each.headers or not each.url.startswith(MY_DOMAIN)]


def test_a_login_shows_org_user_and_kind_of_org(transport: ScriptedTransport) -> None:
    transport.on("POST", TOKEN_URL, answer(GOOD))
    about = {"Id": "00Dxx0000001gPLEAY", "Name": "Acme", "IsSandbox": True, "OrganizationType": "Enterprise Edition"}
    transport.on("GET", r".*/query\?.*", answer({"records": [about], "done": True}))
    transport.on("GET", ".*/userinfo", answer({"preferred_username": "etl@acme.example"}))
    connection = connect(transport)
    assert connection.account == "00Dxx0000001gPLEAY"
    assert connection.label == "Acme (00Dxx0000001gPLEAY), user etl@acme.example, sandbox, Enterprise Edition"
    assert connection.production is False
    connection.close()
    assert transport.closed


def test_an_org_that_shows_nothing_of_itself_can_be_written_all_the_same(transport: ScriptedTransport) -> None:
    transport.on("POST", TOKEN_URL, answer(GOOD))
    connection = connect(transport)
    assert connection.production is None
    assert "00Dxx0000001gPLEAY" in connection.label
    assert "005xx000001SwiUAAS" in connection.label


def test_secrets_are_hidden_and_redacted(transport: ScriptedTransport) -> None:
    transport.on("POST", TOKEN_URL, answer(GOOD))
    host = RecordingHost()
    connection = connect(transport, host)
    assert host.hidden == ["a-client-secret", "00Dxx0000001gPL!token"]
    (asked,) = transport.find_requests("POST", "token")
    assert asked.private
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"], "client_id": ["a-client-id"], "client_secret": ["a-client-secret"],
    }  # fmt: skip
    seen = repr([connection, config(), asked, connection.handle.client.login, *transport.requests])
    assert "a-client-secret" not in seen
    assert "!token" not in seen


@pytest.mark.parametrize("host", ["login", "test"])
def test_client_credentials_need_my_domain(transport: ScriptedTransport, host: str) -> None:
    with pytest.raises(ConfigError, match="My Domain") as raised:
        connect(transport, login_url=f"https://{host}.salesforce.com")
    assert [problem.path for problem in raised.value.problems] == [("login_url",)]
    assert transport.requests == []


@pytest.mark.parametrize(
    ("error", "described", "advice"),
    [
        ("invalid_grant", "no client credentials user enabled", "run-as user"),
        ("invalid_client", "invalid client credentials", "secret"),
        ("invalid_client_id", "client identifier invalid", "ten minutes|key"),
        ("OAUTH_APP_BLOCKED", "this app is blocked by admin", "Connected Apps OAuth Usage"),
        ("inactive_user", "user is inactive", "activate"),
        ("BRAND_NEW", "words", "documentation"),
    ],
)
def test_a_refused_login_says_what_an_admin_has_to_do(
    transport: ScriptedTransport, error: str, described: str, advice: str
) -> None:
    transport.on("POST", TOKEN_URL, answer({"error": error, "error_description": described}, 400))
    with pytest.raises(ConfigError) as raised:
        connect(transport)
    assert described in str(raised.value)
    assert re.search(advice, str(raised.value))
    assert raised.value.exit_code == 69
    assert transport.closed


def test_a_login_that_broke_may_succeed_later(transport: ScriptedTransport) -> None:
    transport.on("POST", TOKEN_URL, answer({"error": "server_error", "error_description": "x"}, 500))
    with pytest.raises(CallFailed):
        connect(transport)


@pytest.mark.parametrize(
    "said",
    ["<html>", "[]", "{}", {**GOOD, "id": "nonsense"}, {**GOOD, "access_token": ""}, {**GOOD, "instance_url": 7}],
)
def test_a_token_answer_of_another_kind_is_refused(transport: ScriptedTransport, said: Any) -> None:
    transport.on("POST", TOKEN_URL, answer(said))
    with pytest.raises((CallFailed, ConfigError)):
        connect(transport)
    assert_no_token_was_sent(transport)


def test_a_token_is_not_taken_to_a_foreign_host(transport: ScriptedTransport) -> None:
    transport.on("POST", TOKEN_URL, answer({**GOOD, "instance_url": "https://acme.my.salesforce.com.evil.com"}))
    with pytest.raises(ConfigError, match="none of its own"):
        connect(transport)
    assert_no_token_was_sent(transport)


@pytest.mark.parametrize("url", ["http://acme.my.salesforce.com", "https://acme.my.salesforce.com/x", "acme"])
def test_a_login_url_that_is_no_safe_host_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="acme"):
        config(url)


@pytest.mark.parametrize("version", ["58", "v58.0", "58.1", "", "31.0"])
def test_a_version_that_is_none_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="version"):
        config(api_version=version)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"assignment_rules": "maybe"}, "'maybe' is none of"), ({"keep_api_calls": -1}, "-1 is below 0")],
)
def test_options_that_mean_nothing_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Options(**wrong)


@pytest.mark.parametrize(
    "text",
    [
        "grant_type=x&client_secret=PLANTED&a=b",
        "password=PLANTED",
        '{"access_token":"PLANTED","id":"x"}',
        '{"refresh_token" : "PLA\\"NTED"}',
        '{"access_token":"PLANTED, and cut he',
        "grant_type=x&client_sec\0ret=PLANTED&a=b",
        '{"access_\x9btoken":"PLANTED"}',
        '{"Access_Token" : "PLAN\u200bTED"}',
        "<OAuth><access_token>PLANTED</access_token></OAuth>",
        "POST /token?code=PLANTED HTTP/1.1",
    ],
)
def test_no_secret_field_survives_redaction(text: str) -> None:
    assert "PLANTED" not in redact(text)
    assert "NTED" not in redact(text)
    assert "TED" not in redact(text)


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    "token",
    ["00Dxx0000001gPL!AQ.PLANTED", "00D\0xx0000001gPL!AQ.PLANTED", "00Dxx0000001gPL%21AQ.PLANTED", "eyJh.PLANTED.c2ln"],
)
def test_no_token_survives_in_words_of_other_programs(token: str) -> None:
    assert without_tokens(f"the token {token} is wrong") == "the token *** is wrong"
