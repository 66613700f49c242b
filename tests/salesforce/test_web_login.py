"""Logging in through the browser, against the login page of the emulated org."""

from __future__ import annotations

import json
import re
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from connector_salesforce.auth import login as logging_in
from connector_salesforce.auth import web_login
from connector_salesforce.auth.loopback import listen
from connector_salesforce.config import Config
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import Web

from connector_sdk import ConfigError, Executed, RunStopped, Secret
from connector_sdk.testing.doubles import RecordingHost

from .browser import Browser
from .emulated import Emulated
from .projects import Project
from .scripted import ScriptedTransport, answer
from .test_login import GOOD, MY_DOMAIN, TOKEN_URL

ANY_PORT = "http://localhost:0/OauthRedirect"


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    opened = Browser()
    monkeypatch.setattr("click.launch", opened)
    yield opened
    opened.close()


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    auth = {
        "flow": "web", "client_id": emulated.ready["client_id"], "client_secret": "${SF_SECRET}",
        "callback_url": ANY_PORT,
    }  # fmt: skip
    made = Project(tmp_path, emulated, auth)
    made.sync(options={"api": "rest"})
    made.model([{"id": "k1", "last": "Ash", "email": None}])
    return made


def token_file(project: Project) -> Path:
    (found,) = (project.folder / "home").rglob("*.token")
    return Path(found)


def refresh_token(project: Project) -> str:
    return str(json.loads(token_file(project).read_text())["refresh_token"])


def token_requests(project: Project) -> int:
    calls = project.emulated.stats()["calls"]
    return sum(count for call, count in calls.items() if "oauth2/token" in call)


def test_who_has_logged_in_once_runs_syncs_from_then_on(project: Project, browser: Browser) -> None:
    logged_in = project.invoke("salesforce", "login", "--output", "json")
    assert logged_in.exit_code == 0, logged_in.stderr
    (found,) = json.loads(logged_in.stdout)
    assert found["user"] == project.emulated.ready["username"]
    assert found["org_id"].startswith("00D")
    assert found["kind"].startswith("production")
    assert project.run().rows == {"read": 1, "planned": 1, "succeeded": 1}
    assert json.loads(project.invoke("salesforce", "whoami", "crm", "--output", "json").stdout) == [found]
    browser.close()
    assert "close this page" in browser.pages[0].text
    assert stat.S_IMODE(token_file(project).stat().st_mode) == 0o600


def test_the_login_asks_with_pkce_and_says_no_secret(project: Project, browser: Browser) -> None:
    logged_in = project.invoke("salesforce", "login")
    (url,) = browser.opened
    asked = parse_qs(urlsplit(url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert re.fullmatch(r"[\w-]{43}", asked["code_challenge"][0])
    assert asked["scope"] == ["api refresh_token"]
    assert url in logged_in.stderr
    seen = logged_in.output + repr(browser.opened)
    for secret in (refresh_token(project), project.emulated.ready["client_secret"]):
        assert secret not in seen


def test_the_address_can_be_opened_elsewhere(
    project: Project, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("connector_sdk.cli.terminal.say", lambda text: shown.append(text) or browser(text.split()[-1]))
    monkeypatch.setattr("click.launch", None)
    assert project.invoke("salesforce", "login", "--no-browser").exit_code == 0
    assert len(shown) == 1


def test_a_public_app_needs_no_secret_and_may_have_several_callbacks(project: Project, browser: Browser) -> None:
    project.emulated.change({"application": {"secretRequired": False, "pkceRequired": True}})
    auth = {**project.auth, "callback_url": [ANY_PORT, "http://127.0.0.1:0/back"]}
    del auth["client_secret"]
    public = Project(project.folder, project.emulated, auth)
    public.sync(options={"api": "rest"})
    assert public.invoke("salesforce", "login").exit_code == 0
    assert public.run().rows["succeeded"] == 1


@pytest.mark.parametrize(
    ("changed", "decision", "sent", "said"),
    [
        ({}, "allow", {"state": "forged"}, "belongs to another login"),
        ({}, "allow", {"code": ""}, "has no code"),
        ({}, "deny", {}, "allow the access"),
        ({"blocked": True}, "allow", {}, "Connected Apps OAuth Usage"),
        ({"admitted": []}, "allow", {}, "profile or permission set"),
        ({"scopes": ["api"]}, "allow", {}, "refresh_token, offline_access"),
    ],
)
def test_a_login_that_is_refused_says_what_to_do_and_keeps_nothing(
    project: Project, browser: Browser, changed: dict[str, Any], decision: str, sent: dict[str, str], said: str
) -> None:
    project.emulated.change({"application": changed})
    browser.decision, browser.sent = decision, sent
    result = project.invoke("salesforce", "login")
    assert result.exit_code == 69, result.stderr
    assert said in result.stderr
    assert not list((project.folder / "home").rglob("*.token"))


def test_an_app_that_gives_no_refresh_token_keeps_nothing_of_the_login() -> None:
    transport, host = ScriptedTransport(), RecordingHost()
    transport.on("POST", TOKEN_URL, answer(GOOD))

    def come_back(url: str) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        sent = {"code": "a-code", "state": asked["state"]}
        assert requests.get(asked["redirect_uri"], sent, timeout=10).ok

    with pytest.raises(CallFailed) as failed:
        web_login.log_in_by_browser(Web("web", "app", None, ANY_PORT), MY_DOMAIN, cast(Any, transport), host, come_back)
    assert (failed.value.code, failed.value.executed) == ("NO_REFRESH_TOKEN", Executed.NO)
    assert host.tokens.load() is None
    assert GOOD["access_token"] in host.hidden


def test_an_app_that_is_missing_after_the_person_logged_in_is_told_as_such(project: Project, browser: Browser) -> None:
    error = {"code": "OAUTH_EC_APP_NOT_FOUND", "message": "External client app not found"}
    project.emulated.faults({"match": {"path": "/services/oauth2/authorize"}, "do": {"error": error}})
    result = project.invoke("salesforce", "login")
    assert result.exit_code == 69, result.stderr
    assert "External Client App Manager" in result.stderr
    assert token_requests(project) == 0


def test_a_connection_that_nobody_logged_in_to_says_how(project: Project) -> None:
    run = project.run()
    assert run.exit == 69
    assert "connector salesforce login" in run.said
    assert token_requests(project) == 0


def test_the_stored_login_of_another_app_is_not_used(project: Project, browser: Browser) -> None:
    assert project.invoke("salesforce", "login").exit_code == 0
    before = token_requests(project)
    other = Project(project.folder, project.emulated, {**project.auth, "client_id": "another-app"})
    other.sync(options={"api": "rest"})
    run = other.run()
    assert run.exit == 69
    assert "for the app" in run.said
    assert token_requests(project) == before


def test_a_refresh_token_that_is_good_once_is_replaced_before_it_is_used(project: Project, browser: Browser) -> None:
    project.emulated.change({"application": {"rotateRefreshTokens": True}})
    assert project.invoke("salesforce", "login").exit_code == 0
    seen = {refresh_token(project)}
    for _ in range(3):
        assert project.run().exit == 0
        seen.add(refresh_token(project))
    assert len(seen) == 4


def test_two_processes_never_exchange_the_same_refresh_token(project: Project, browser: Browser) -> None:
    project.emulated.change({"application": {"rotateRefreshTokens": True}})
    assert project.invoke("salesforce", "login").exit_code == 0
    command = ["salesforce", "whoami", "--project", str(project.folder)]
    others = [_start_command(*command) for _ in range(4)]
    assert [each.wait(60) for each in others] == [0, 0, 0, 0]


def _start_command(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "connector_sdk.cli", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_a_login_that_ended_says_to_log_in_again(project: Project, browser: Browser) -> None:
    assert project.invoke("salesforce", "login").exit_code == 0
    project.emulated.expire(refresh=True)
    run = project.run()
    assert run.exit == 69
    assert "connector salesforce login" in run.said
    assert "the state of the syncs survives" in run.said


def test_a_renewal_that_rotated_and_whose_answer_was_lost_says_to_log_in_again(
    project: Project, browser: Browser
) -> None:
    project.emulated.change({"application": {"rotateRefreshTokens": True}})
    assert project.invoke("salesforce", "login").exit_code == 0
    project.emulated.faults({"match": {"path": "/services/oauth2/token"}, "do": {"cut": "after"}, "times": 1})
    assert project.run().exit == 69
    run = project.run()
    assert (run.exit, "connector salesforce login" in run.said) == (69, True), run.said
    assert project.invoke("salesforce", "login").exit_code == 0
    assert project.run().rows["succeeded"] == 1


def test_who_logs_out_is_logged_out_at_salesforce_too(project: Project, browser: Browser) -> None:
    assert project.invoke("salesforce", "login").exit_code == 0
    kept = token_file(project)
    text = kept.read_text()
    assert "logged out of crm" in project.invoke("salesforce", "logout").stderr
    assert not kept.exists()
    kept.write_text(text)
    kept.chmod(0o600)
    assert "expired" in project.run().said
    assert "logged out of crm" in project.invoke("salesforce", "logout").stderr, "it had ended already"
    assert "no user is logged in" in project.invoke("salesforce", "logout").stderr


def test_a_login_is_forgotten_also_when_salesforce_cannot_be_told(project: Project, browser: Browser) -> None:
    assert project.invoke("salesforce", "login").exit_code == 0
    project.emulated.faults({"match": {"path": "*/revoke"}, "do": {"status": 503}})
    result = project.invoke("salesforce", "logout")
    assert result.exit_code == 69
    assert "Setup" in result.stderr
    assert not list((project.folder / "home").rglob("*.token"))


def test_fifty_threads_renew_a_session_that_ended_by_one_request(project: Project, browser: Browser) -> None:
    project.emulated.change({"application": {"rotateRefreshTokens": True}})
    assert project.invoke("salesforce", "login").exit_code == 0
    host = RecordingHost()
    host.tokens.save(token_file(project).read_text())
    ready = project.emulated.ready
    auth = Web("web", ready["client_id"], Secret(ready["client_secret"]), ANY_PORT)
    org = logging_in.connect(Config(ready["login_url"], auth=auth), host).handle
    before = token_requests(project)
    project.emulated.expire()
    gate = threading.Barrier(50)

    def ask(_: int) -> Any:
        gate.wait(10)
        return org.client.get("/limits")

    with ThreadPoolExecutor(50) as threads:
        assert all(threads.map(ask, range(50)))
    assert token_requests(project) == before + 1
    org.close()


def test_only_the_first_request_at_the_callback_is_taken() -> None:
    with listen((ANY_PORT,)) as listener:
        place = urlsplit(listener.url)
        strange = requests.get(f"http://127.0.0.1:{place.port}/favicon.ico?code=x", timeout=5)
        first = requests.get(f"{listener.url}?code=one&state=s", timeout=5)
        second = requests.get(f"{listener.url}?code=two&state=s", timeout=5)
        assert (strange.status_code, first.status_code, second.status_code) == (404, 200, 404)
        assert listener.answer(1) == {"code": "one", "state": "s"}
        assert first.headers["Cache-Control"] == "no-store"
    with pytest.raises(requests.ConnectionError):
        requests.get(listener.url, timeout=5)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 without being asked")
def test_nobody_reaches_the_callback_by_another_address() -> None:
    with listen((ANY_PORT,)) as listener:
        port = urlsplit(listener.url).port
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.2:{port}/x", timeout=5)


def test_a_browser_that_opens_connections_in_advance_does_not_keep_the_login_waiting() -> None:
    with listen((ANY_PORT,)) as listener:
        port = urlsplit(listener.url).port
        with socket.create_connection(("127.0.0.1", port or 0)):
            requests.get(f"{listener.url}?code=one", timeout=5)
            assert listener.answer(1) == {"code": "one"}


def test_a_login_to_which_nobody_comes_ends_after_a_while(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_login, "LOGIN_SECONDS", 0.05)
    monkeypatch.setattr("click.launch", lambda url: 0)
    result = project.invoke("salesforce", "login")
    assert result.exit_code == 4
    assert "start the login again" in result.stderr


def test_the_first_callback_whose_port_is_free_is_taken() -> None:
    with listen((ANY_PORT,)) as taken:
        with listen((taken.url, ANY_PORT)) as listener:
            assert listener.url != taken.url
        with pytest.raises(ConfigError, match="another program listens"), listen((taken.url,)):
            pass


@pytest.mark.parametrize("url", ["https://localhost:1717/x", "http://acme.example/x", "localhost:1717", ""])
def test_a_callback_that_is_not_on_this_machine_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="cannot be used as a callback URL"):
        Web("web", "app", callback_url=url)


def test_waiting_for_the_browser_is_bounded_to_five_minutes() -> None:
    assert web_login.LOGIN_SECONDS == 300
    with listen((ANY_PORT,)) as listener, pytest.raises(RunStopped, match="no user logged in"):
        listener.answer(0.01)
