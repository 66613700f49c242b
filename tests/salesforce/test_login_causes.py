"""Why a login is refused: every cause has a message of its own, which says what to do about it."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from connector_salesforce import Config
from connector_salesforce.auth import login
from connector_salesforce.auth.stored_login import StoredLogin, load
from connector_salesforce.errors.codes import table
from connector_salesforce.flows import Web

from connector_sdk import ConfigError
from connector_sdk.testing.doubles import RecordingHost, RememberedToken

from .emulated import Emulated
from .projects import Project
from .scripted import ScriptedTransport, answer
from .test_login import GOOD, MY_DOMAIN, TOKEN_URL, config

__all__ = ["transport"]

from .test_login import transport

CAUSES = {
    "app not installed": (
        "app_not_found", "External client app is not installed in this org", "app_not_found",
        r"refresh of a sandbox.*audience", r"External Client App Manager.*Connected Apps OAuth Usage.*leave audience",
    ),
    "connected app not installed": (
        "invalid_client", "app must be installed into org", "app_not_found",
        "not installed in this org", "View Setup and Configuration",
    ),
    "external client app missing after the login": (
        "OAUTH_EC_APP_NOT_FOUND", "External client app not found", "OAUTH_EC_APP_NOT_FOUND",
        "login itself succeeded.*external client app", "installs the app in this org or makes it there",
    ),
    "user frozen": (
        "invalid_grant", "user is frozen", "user_frozen",
        "anonymizing VPN or proxy.*revokes all their refresh tokens", "unfreezes the user",
    ),
    "user inactive": (
        "inactive_user", "user is inactive", "inactive_user", "inactive or frozen", "activates the user or unfreezes",
    ),
    "user inactive, as a grant": ("invalid_grant", "inactive user", "inactive_user", "inactive or frozen", "activates"),
    "refresh token revoked": (
        "invalid_grant", "expired access/refresh token", "invalid_grant_expired",
        "revoked.*sixth login.*anonymizing VPN or proxy", "connector salesforce login",
    ),
    "wrong audience": (
        "invalid_grant", "audience is invalid", "invalid_grant_audience", "another audience", "leave audience out",
    ),
    "wrong audience, in the words of the manual": (
        "invalid_grant", "Audience validation failed", "invalid_grant_audience", "another audience", "My Domain",
    ),
    "wrong clock": ("invalid_grant", "assertion expired", "invalid_grant_clock", "clock of this machine", "NTP"),
    "wrong key": (
        "invalid_grant", "invalid assertion", "invalid_grant_assertion", "RSA of 2,048 bits", "smaller than 4 KB",
    ),
    "late code": ("invalid_grant", "expired authorization code", "invalid_grant_code", "too late", "Start the login"),
    "user not approved": (
        "invalid_grant", "user hasn't approved this consumer", "invalid_grant_not_approved",
        "has not approved the app", "pre-authorized",
    ),
    "user not assigned": (
        "invalid_app_access", "user is not admin approved to access this app", "invalid_app_access",
        "admin assigned the app", "API Integration licence cannot hold an app",
    ),
    "user not assigned, as a grant": (
        "invalid_grant", "user is not admin approved to access this app", "invalid_app_access",
        "admin assigned the app", "profile or a second permission set",
    ),
    "ip restricted": (
        "invalid_grant", "ip restricted", "invalid_grant_ip", "address that the user's profile", "IP Allowlist",
    ),
    "outside of the login hours": (
        "invalid_grant", "IP restricted or invalid login hours", "invalid_grant_ip", "login hours", "login hours",
    ),
    "flow not allowed": (
        "unsupported_grant_type", "grant type not supported", "unsupported_grant_type",
        "20 February 2027", "client_credentials or jwt",
    ),
    "proof required": (
        "invalid_dpop_proof", "DPoP proof is missing", "invalid_dpop_proof", "does not support yet", "Require DPoP",
    ),
    "proof with a nonce required": (
        "use_dpop_nonce", "Authorization server requires nonce in DPoP proof", "use_dpop_nonce",
        "does not support yet", "Require DPoP",
    ),
    "app blocked": (
        "OAUTH_APP_BLOCKED", "this app is blocked by admin", "OAUTH_APP_BLOCKED", "blocked the app", "unblocks",
    ),
    "no run-as user": (
        "invalid_grant", "no client credentials user enabled", "invalid_grant_no_user", "no user to run as", "run-as",
    ),
    "wrong secret": ("invalid_client", "invalid client credentials", "invalid_client", "secret is wrong", "Copy"),
    "unknown app": (
        "invalid_client_id", "client identifier invalid", "invalid_client_id", "ten minutes", "Copy the key",
    ),
    "org closed": (
        "inactive_org", "org is locked, closed, or suspended", "inactive_org", "locked, closed", "Salesforce support",
    ),
}  # fmt: skip
"""What Salesforce says (reference: OAuth errors and its issues), the code, and words of cause and advice."""


@pytest.mark.parametrize("cause", CAUSES)
def test_a_refused_login_tells_its_cause_and_what_to_do(transport: ScriptedTransport, cause: str) -> None:
    error, described, code, why, what_to_do = CAUSES[cause]
    transport.on("POST", TOKEN_URL, answer({"error": error, "error_description": described}, 400))
    said, exit_code = refusal(config())
    assert f"{code}: {described}" in said
    assert re.search(why, said)
    assert re.search(what_to_do, said)
    assert exit_code == 69
    assert len(transport.find_requests("POST", "token")) == 1


@pytest.mark.parametrize("code", sorted({code for _, _, code, _, _ in CAUSES.values()}))
def test_the_words_of_a_cause_are_those_of_no_other(code: str) -> None:
    same = {each for each, known in table().items() if known.cause == table()[code].cause}
    assert len(same) == 1 or same == {"DPOP_REQUIRED", "invalid_dpop_proof", "use_dpop_nonce"}


@pytest.mark.parametrize("cause", ["app not installed", "user frozen", "proof required", "wrong clock"])
def test_explain_and_check_use_the_same_words(emulated: Emulated, project: Project, cause: str) -> None:
    error, described, code, why, what_to_do = CAUSES[cause]
    fault = {"error": {"code": error, "message": described}}
    emulated.faults({"match": {"path": "/services/oauth2/token"}, "do": fault})
    project.model([{"id": "1", "last": "Hopper", "email": "grace@example.com"}])
    checked = project.invoke("check")
    assert checked.exit_code == 69
    for said in (checked.stderr, project.invoke("explain", code).stdout):
        assert re.search(why, " ".join(said.split()))
        assert re.search(what_to_do, " ".join(said.split()))


def test_logins_that_are_too_many_are_not_made_more(emulated: Emulated, project: Project) -> None:
    error = {"code": "rate_limit_exceeded", "message": "login rate exceeded"}
    emulated.faults({"match": {"path": "/services/oauth2/token"}, "do": {"error": error}})
    project.model([{"id": "k1", "last": "Ash", "email": None}])
    run = project.run()
    assert run.exit == 69
    assert "Wait an hour" in run.said
    assert emulated.stats()["calls"]["POST /services/oauth2/token"] == 1


@pytest.mark.parametrize("token_type", ["DPoP", "dpop"])
def test_a_token_that_is_bound_to_a_key_is_told_with_how_to_switch_that_off(
    transport: ScriptedTransport, token_type: str
) -> None:
    transport.on("POST", TOKEN_URL, answer({**GOOD, "token_type": token_type}))
    said, exit_code = refusal(config())
    assert "DPOP_REQUIRED" in said
    assert "does not support yet" in said
    assert 'clear "Require DPoP' in said
    assert exit_code == 69
    assert not transport.find_requests("GET", "query")


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        ("OAUTH_EC_APP_NOT_FOUND", "External client app not found", "external client app is not installed"),
        ("API_CURRENTLY_DISABLED", "API is disabled for this User", "API Enabled"),
        ("API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", "edition"),
        ("INVALID_SESSION_ID", "This session is not valid for use with the REST API", "scope"),
    ],
)
def test_a_session_that_is_good_for_nothing_is_told_at_the_login(
    transport: ScriptedTransport, code: str, words: str, said: str
) -> None:
    transport.on("POST", TOKEN_URL, answer(GOOD))
    transport.on("GET", ".*/query.*", answer([{"errorCode": code, "message": words}], 403))
    told, exit_code = refusal(config())
    assert "logged in to Salesforce, which then refuses every call" in told
    assert said in told
    assert exit_code == 69
    assert transport.closed


DAY = 86_400


@pytest.mark.parametrize(
    ("stored", "code", "words"),
    [
        ({"used_at": 31 * DAY}, "invalid_grant_idle", "last used 31 days ago"),
        ({"used_at": 31 * DAY, "rotates": True}, "invalid_grant_idle", "30 days or longer"),
        ({"used_at": 2 * DAY, "rotates": True}, "invalid_grant_rotated", "a copy of the token file"),
        ({"used_at": 2 * DAY}, "invalid_grant_expired", "Somebody revoked it"),
        ({}, "invalid_grant_expired", "Somebody revoked it"),
    ],
)
def test_a_refused_refresh_token_is_told_by_how_it_was_used(
    transport: ScriptedTransport, stored: dict[str, Any], code: str, words: str
) -> None:
    expired = {"error": "invalid_grant", "error_description": "expired access/refresh token"}
    transport.on("POST", TOKEN_URL, answer(expired, 400))
    used = {name: time.time() - value if name == "used_at" else value for name, value in stored.items()}
    host = remember_login(StoredLogin(MY_DOMAIN, "an-app", "a-refresh-token", **used))
    said, _ = refusal(by_browser(), host)
    assert f"{code}: expired access/refresh token" in said
    assert words in said
    assert "connector salesforce login" in said


def test_use_and_rotation_of_a_refresh_token_are_remembered(transport: ScriptedTransport) -> None:
    transport.on("POST", TOKEN_URL, answer(GOOD), answer({**GOOD, "refresh_token": "the-next"}))
    host = remember_login(StoredLogin(MY_DOMAIN, "an-app", "a-refresh-token"))
    login.connect(by_browser(), host)
    first = load(host.tokens)
    login.connect(by_browser(), host)
    second = load(host.tokens)
    assert first is not None
    assert second is not None
    assert (first.rotates, second.rotates) == (False, True)
    assert second == evolve(first, refresh_token="the-next", rotates=True, used_at=second.used_at)
    assert time.time() - first.used_at < DAY


def test_a_login_that_an_earlier_version_stored_is_still_one() -> None:
    old = {"login_url": MY_DOMAIN, "client_id": "an-app", "refresh_token": "a-refresh-token"}
    assert load(RememberedToken(json.dumps(old))) == StoredLogin(MY_DOMAIN, "an-app", "a-refresh-token")


def test_check_names_all_that_is_wrong_with_a_login_at_once(
    emulated: Emulated, project: Project, tmp_path: Path
) -> None:
    (tmp_path / "server.key").write_text("no key")
    auth = {"flow": "jwt", "client_id": "", "username": "", "private_key": "${file:server.key}"}
    made = Project(tmp_path, emulated, auth)
    made.sync()
    checked = made.invoke("check")
    assert checked.exit_code == 64
    for place in ("auth.client_id", "auth.username", "auth.private_key"):
        assert f"connections.crm.{place}" in checked.stderr


def by_browser() -> Config:
    return Config(MY_DOMAIN, auth=Web("web", "an-app"))


def remember_login(stored: StoredLogin) -> RecordingHost:
    host = RecordingHost()
    stored.save(host.tokens)
    return host


def refusal(given: Config, host: RecordingHost | None = None) -> tuple[str, int]:
    """Return what a person reads about a refused login, and how the command ends."""
    with pytest.raises(ConfigError) as raised:
        login.connect(given, host or RecordingHost())
    return str(raised.value), raised.value.exit_code
