"""Whom an assertion is for, by whose clock it is made, and what a refusal of either teaches."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from attrs import define, field
from connector_salesforce import Config
from connector_salesforce.auth import login
from connector_salesforce.auth.auth import LogIn, log_in_with
from connector_salesforce.errors.codes import table
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import Jwt
from connector_salesforce.transport.sending import Answer, Request
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from connector_sdk import ConfigError, Level, Secret
from connector_sdk.testing.doubles import RecordingHost

from .scripted import ScriptedTransport, answer
from .test_flows import KEY, pem
from .test_login import transport

__all__ = ["transport"]

MY_DOMAIN = "https://acme.my.salesforce.com"
SANDBOX = "https://acme--dev.sandbox.my.salesforce.com"
SCRATCH = "https://acme-1.scratch.my.salesforce.com"
PRODUCTION_HOST, SANDBOX_HOST = "https://login.salesforce.com", "https://test.salesforce.com"

NOT_INSTALLED = ("app_not_found", "External client app is not installed in this org")
AUDIENCE_WORDS = ("invalid_grant", "audience is invalid"), ("invalid_grant", "Audience validation failed")


@define
class TokenEndpoint:
    """Takes assertions for some audiences, and refuses the others in words of Salesforce's.

    Its clock is `ahead` seconds before this machine's; `minds_clock` refuses what is out of date by it.
    """

    accepts: set[str]
    refusal: tuple[str, str] = NOT_INSTALLED
    afterwards: tuple[str, str] | None = None
    ahead: float = 0.0
    minds_clock: bool = True
    asked: list[dict[str, Any]] = field(factory=list)

    def __call__(self, request: Request) -> Answer:
        (assertion,) = parse_qs(request.body.decode())["assertion"]
        claims = jwt.decode(assertion, options={"verify_signature": False})
        self.asked.append(claims)
        now = time.time() + self.ahead
        if self.minds_clock and not 0 < claims["exp"] - now < 300:
            return self._refuse("invalid_grant", "assertion expired")
        if claims["aud"] not in self.accepts:
            return self._refuse(*self.refusal)
        if self.afterwards:
            return self._refuse(*self.afterwards)
        return answer({
            "access_token": f"00Dxx0000001gPL!token{len(self.asked)}", "instance_url": MY_DOMAIN,
            "id": "https://login.salesforce.com/id/00Dxx0000001gPLEAY/005xx000001SwiUAAS", "token_type": "Bearer",
        })  # fmt: skip

    def _refuse(self, code: str, words: str) -> Answer:
        date = formatdate(time.time() + self.ahead)
        return answer({"error": code, "error_description": words}, 400, Date=date)

    @property
    def audiences(self) -> list[str]:
        return [each["aud"] for each in self.asked]


def make_log_in(endpoint: TokenEndpoint, login_url: str = MY_DOMAIN, audience: str | None = None) -> LogIn:
    transport = ScriptedTransport()
    transport.on("POST", ".*/services/oauth2/token", endpoint)
    return log_in_with(config(login_url, audience), transport, RecordingHost())  # type: ignore[arg-type]


def config(login_url: str = MY_DOMAIN, audience: str | None = None, key: str = "") -> Config:
    auth = Jwt("jwt", "an-app", "etl@acme.example", Secret(key or pem(KEY)), audience)
    return Config(login_url, auth=auth)


@pytest.mark.parametrize("login_url", [MY_DOMAIN, SANDBOX, SCRATCH, PRODUCTION_HOST, SANDBOX_HOST])
def test_an_assertion_is_for_the_host_that_it_goes_to(login_url: str) -> None:
    endpoint = TokenEndpoint({login_url})
    assert make_log_in(endpoint, login_url)().findings == ()
    assert endpoint.audiences == [login_url]


@pytest.mark.parametrize(
    ("login_url", "shared"), [(MY_DOMAIN, PRODUCTION_HOST), (SANDBOX, SANDBOX_HOST), (SCRATCH, SANDBOX_HOST)]
)
@pytest.mark.parametrize("refusal", [NOT_INSTALLED, *AUDIENCE_WORDS])
def test_an_org_that_refuses_its_own_host_is_asked_once_for_the_shared_one(
    login_url: str, shared: str, refusal: tuple[str, str]
) -> None:
    endpoint = TokenEndpoint({shared}, refusal)
    (finding,) = make_log_in(endpoint, login_url)().findings
    assert endpoint.audiences == [login_url, shared]
    assert finding.level is Level.WARNING
    assert finding.message.endswith(f"the one for {shared} was accepted")
    assert login_url in finding.message
    assert f"Set audience: {shared}" in finding.advice


def test_what_was_accepted_is_used_for_the_next_session_of_the_run() -> None:
    endpoint = TokenEndpoint({PRODUCTION_HOST}, ahead=3_600)
    log_in = make_log_in(endpoint)
    assert len(log_in().findings) == 2
    before = len(endpoint.asked)
    assert before == 3, "one more for the clock, one more for the audience"
    assert log_in().findings == ()
    assert endpoint.audiences[before:] == [PRODUCTION_HOST]


@pytest.mark.parametrize("refusal", [NOT_INSTALLED, *AUDIENCE_WORDS])
def test_an_audience_that_somebody_set_is_used_as_it_is_and_no_other(refusal: tuple[str, str]) -> None:
    endpoint = TokenEndpoint({MY_DOMAIN, PRODUCTION_HOST}, refusal)
    with pytest.raises(CallFailed):
        make_log_in(endpoint, audience=SANDBOX_HOST)()
    assert endpoint.audiences == [SANDBOX_HOST]


@pytest.mark.parametrize("login_url", [PRODUCTION_HOST, SANDBOX_HOST])
def test_a_shared_host_has_no_second_audience(login_url: str) -> None:
    endpoint = TokenEndpoint(set())
    with pytest.raises(CallFailed, match="app_not_found"):
        make_log_in(endpoint, login_url)()
    assert endpoint.audiences == [login_url]


@pytest.mark.parametrize(
    "refusal",
    [
        ("invalid_grant", "user hasn't approved this consumer"),
        ("invalid_grant", "invalid assertion"),
        ("invalid_app_access", "user is not admin approved to access this app"),
        ("invalid_client_id", "client identifier invalid"),
        ("inactive_user", "user is inactive"),
        ("OAUTH_APP_BLOCKED", "this app is blocked by admin"),
        ("BRAND_NEW", "words that nobody knows"),
    ],
)
def test_any_other_refusal_is_not_tried_again_since_failures_lock_a_user(refusal: tuple[str, str]) -> None:
    endpoint = TokenEndpoint(set(), refusal)
    with pytest.raises(CallFailed):
        make_log_in(endpoint)()
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize("refusal", [NOT_INSTALLED, *AUDIENCE_WORDS])
def test_where_both_audiences_are_refused_the_message_names_them(refusal: tuple[str, str]) -> None:
    endpoint = TokenEndpoint(set(), refusal)
    with pytest.raises(CallFailed) as raised:
        make_log_in(endpoint)()
    assert len(endpoint.asked) == 2
    assert refusal[1] in str(raised.value)
    for each in (MY_DOMAIN, PRODUCTION_HOST):
        assert each in str(raised.value)


def test_what_is_wrong_apart_from_the_audience_is_what_is_told() -> None:
    endpoint = TokenEndpoint({PRODUCTION_HOST}, afterwards=("invalid_grant", "user hasn't approved this consumer"))
    with pytest.raises(CallFailed) as raised:
        make_log_in(endpoint)()
    assert raised.value.code == "invalid_grant_not_approved"
    assert f"{MY_DOMAIN} (app_not_found)" in str(raised.value)


def test_the_app_that_is_missing_is_told_before_an_audience_that_is_refused() -> None:
    class Both(TokenEndpoint):
        def __call__(self, request: Request) -> Answer:
            reply = super().__call__(request)
            self.refusal = AUDIENCE_WORDS[0]
            return reply

    with pytest.raises(CallFailed) as raised:
        make_log_in(Both(set()))()
    assert raised.value.code == "app_not_found"
    assert f"{PRODUCTION_HOST} (invalid_grant_audience)" in str(raised.value)


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (3_660, "the clock of this machine is 61 minutes behind Salesforce's"),
        (-420, "the clock of this machine is 7 minutes ahead of Salesforce's"),
        (86_400, "the clock of this machine is 24 hours behind Salesforce's"),
    ],
)
def test_a_clock_that_is_wrong_is_told_with_how_far_it_is_off(ahead: float, told: str) -> None:
    endpoint = TokenEndpoint({MY_DOMAIN}, ahead=ahead)
    (finding,) = make_log_in(endpoint)().findings
    assert finding.message.startswith(told)
    assert "NTP" in finding.advice
    assert len(endpoint.asked) == 2


def test_a_clock_that_is_wrong_is_told_where_the_login_fails_all_the_same() -> None:
    endpoint = TokenEndpoint(set(), ("invalid_grant", "invalid assertion"), ahead=3_660)
    with pytest.raises(CallFailed, match="61 minutes behind") as raised:
        make_log_in(endpoint)()
    assert raised.value.code == "invalid_grant_assertion"
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize("words", ["assertion expired", "expired assertion", "expired authorization code"])
def test_an_assertion_that_is_out_of_date_is_a_matter_of_the_clock(words: str) -> None:
    endpoint = TokenEndpoint(set(), ("invalid_grant", words))
    with pytest.raises(CallFailed) as raised:
        make_log_in(endpoint)()
    assert raised.value.code == "invalid_grant_clock"
    assert "clock" in table()["invalid_grant_clock"].cause


def test_audience_and_clock_are_set_right_by_one_more_login() -> None:
    endpoint = TokenEndpoint({PRODUCTION_HOST}, ahead=3_660, minds_clock=False)
    findings = make_log_in(endpoint)().findings
    assert [each.level for each in findings] == [Level.WARNING] * 2
    assert endpoint.audiences == [MY_DOMAIN, PRODUCTION_HOST]
    assert 0 < endpoint.asked[1]["exp"] - time.time() - 3_660 < 300


def weak(bits: int) -> str:
    return pem(rsa.generate_private_key(65_537, bits))


def encrypt_key() -> str:
    form, cipher = serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"a-passphrase")
    return KEY.private_bytes(serialization.Encoding.PEM, form, cipher).decode()


def elliptic() -> str:
    form, key = serialization.PrivateFormat.PKCS8, ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


OTHER_KEYS = {
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "public": "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "ssh": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----",
    "none": "no key",
    "empty": "",
}


def problems_of(transport: ScriptedTransport, key: str) -> list[str]:
    """Return the problems with a key that connecting finds, and check that nothing is sent."""
    with pytest.raises(ConfigError) as raised:
        login.connect(config(key=key or " "), RecordingHost())
    assert transport.requests == []
    assert [each.path for each in raised.value.problems] == [("auth", "private_key")]
    return [str(each) for each in raised.value.problems]


def test_a_key_that_is_too_weak_is_found_before_anything_is_sent(transport: ScriptedTransport) -> None:
    (said,) = problems_of(transport, weak(1_024))
    assert "1,024 bits" in said
    assert "2,048" in said
    assert "openssl" in said


@pytest.mark.parametrize(
    ("made", "said"),
    [pytest.param(encrypt_key, "passphrase", id="locked-passphrase"), (elliptic, "not an RSA key")],
)
def test_a_key_that_salesforce_cannot_take_is_told_with_how_to_get_one(
    transport: ScriptedTransport, made: Callable[[], str], said: str
) -> None:
    (found,) = problems_of(transport, made())
    assert said in found
    assert "openssl" in found


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("certificate", "this is a certificate"), ("public", "this is a public key"),
        ("ssh", "this is a key of OpenSSH"), ("none", "no RSA private key"), ("empty", "no RSA private key"),
    ],
)  # fmt: skip
def test_what_is_no_private_key_is_told_by_what_it_is(transport: ScriptedTransport, kind: str, said: str) -> None:
    (found,) = problems_of(transport, OTHER_KEYS[kind])
    assert said in found
    assert "MIIB" not in found
    assert "${file:server.key}" in found
