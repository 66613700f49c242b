"""JWT bearer: assertions that are signed for the app's certificate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from salesforce_emulator import Emulator, OrgError, read_org

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.test_web_login import Browser

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
def apart(emulator: Emulator) -> Iterator[Client]:
    """A client that is not logged in, of an app with a certificate."""
    emulator.change_org({"application": {"certificate": PUBLIC.decode(), "admitted": [emulator.username]}})
    client = Client(emulator)
    client.token = ""
    yield client
    client.close()


def answer(client: Client, key: Any = KEY, algorithm: str = "RS256", **claims: Any) -> dict[str, str]:
    """Return the login host's answer to an assertion that is right except for these claims."""
    emulator = client.emulator
    right = {"iss": emulator.client_id, "sub": emulator.username, "aud": "https://login.salesforce.com"}
    whole = {**right, "exp": int(time.time()) + 180, **claims}
    assertion = jwt.encode({name: value for name, value in whole.items() if value is not None}, key, algorithm)
    form = {"grant_type": JWT_BEARER, "assertion": assertion}
    said: dict[str, str] = client.http.post(f"{emulator.login_url}/services/oauth2/token", data=form).json()
    return said


def test_an_assertion_logs_its_subject_in_without_a_refresh_token(apart: Client) -> None:
    said = answer(apart)
    assert set(said) == {"access_token", "scope", "instance_url", "id", "token_type"}
    apart.token = said["access_token"]
    assert apart.rest("GET", "/limits").ok


def test_the_audience_is_the_login_host_of_the_kind_of_org_or_the_org_itself(apart: Client) -> None:
    assert "access_token" in answer(apart, aud=apart.emulator.instance_url)
    assert answer(apart, aud="https://test.salesforce.com")["error_description"] == "audience is invalid"
    apart.emulator.change_org({"sandbox": True})
    assert "access_token" in answer(apart, aud="https://test.salesforce.com")
    assert answer(apart)["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"iss": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "nobody@emulator.invalid"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"sub": "second@emulator.invalid"}, "invalid_app_access", "user is not admin approved to access this app"),
        ({"exp": 1}, "invalid_grant", "expired authorization code"),
        ({"exp": None}, "invalid_grant", "invalid assertion"),
        ({"iss": None}, "invalid_client_id", "client identifier invalid"),
        ({"key": "a secret of 32 characters and more", "algorithm": "HS256"}, "invalid_grant", "invalid assertion"),
        (
            {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)},
            "invalid_grant",
            "invalid assertion",
        ),
    ],
)
def test_a_bad_assertion_is_refused(apart: Client, claims: dict[str, Any], error: str, description: str) -> None:
    assert answer(apart, **claims) == {"error": error, "error_description": description}


def test_where_users_approve_the_app_themselves_they_must_have_done_it_once(apart: Client) -> None:
    apart.emulator.change_org({"application": {"admitted": None}})
    assert answer(apart)["error_description"] == "user hasn't approved this consumer"
    browser = Browser(apart.emulator)
    browser.code()
    browser.http.close()
    assert "access_token" in answer(apart)


def test_without_a_certificate_no_assertion_is_valid(apart: Client) -> None:
    apart.emulator.change_org({"application": {"certificate": None}})
    assert answer(apart)["error_description"] == "invalid assertion"


def test_a_certificate_must_be_one_and_admitted_users_must_exist() -> None:
    with pytest.raises(OrgError) as caught:
        read_org({"extends": "default", "application": {"certificate": "nonsense", "admitted": ["nobody"]}})
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "application.certificate",
        "application.admitted",
    ]


def test_a_certificate_has_an_rsa_key() -> None:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    other = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(serialization.Encoding.PEM, form)
    with pytest.raises(OrgError) as caught:
        read_org({"extends": "default", "application": {"certificate": other.decode()}})
    [problem] = caught.value.problems
    assert problem.endswith("(not an RSA key)")


def test_what_is_no_assertion_is_refused_as_one(apart: Client) -> None:
    for assertion in ("", "nonsense", "a.b.c"):
        form = {"grant_type": JWT_BEARER, "assertion": assertion}
        said = apart.http.post(f"{apart.emulator.login_url}/services/oauth2/token", data=form).json()
        assert said == {"error": "invalid_grant", "error_description": "invalid assertion"}


@pytest.mark.parametrize(
    ("seconds", "description"),
    [
        (-86_400, "expired authorization code"),
        (-5, "expired authorization code"),
        (3_600, "invalid assertion"),
        (86_400, "invalid assertion"),
    ],
)
@pytest.mark.parametrize("form", [int, str])
def test_an_assertion_by_a_wrong_clock_is_refused(
    apart: Client, seconds: int, description: str, form: type[int] | type[str]
) -> None:
    said = answer(apart, exp=form(int(time.time()) + seconds))
    assert said == {"error": "invalid_grant", "error_description": description}


def test_an_assertion_may_end_a_few_minutes_ahead_whatever_the_clock_of_the_org_says(apart: Client) -> None:
    apart.emulator.advance(86_400)
    for seconds in (30, 180, 300):
        assert "access_token" in answer(apart, exp=int(time.time()) + seconds)


def pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def certificate(key: rsa.RSAPrivateKey, hosts: int = 1) -> str:
    """Return a certificate that grows with the number of its hosts."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(f"host{number}.invalid") for number in range(hosts)])
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).add_extension(names, False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("text", [pem(WEAK), certificate(WEAK)])
@pytest.mark.parametrize("place", ["application", "apps.partner"])
def test_a_key_below_2048_bits_is_no_key_of_an_app(text: str, place: str) -> None:
    app = {"clientId": "other", "clientSecret": "s", "certificate": text}
    org = {"application": app} if place == "application" else {"apps": {"partner": app}}
    with pytest.raises(OrgError) as caught:
        read_org({"extends": "default", **org})
    assert caught.value.problems == [f"{place}.certificate: an RSA key of 1,024 bits; 2,048 or more are needed"]


def test_a_certificate_has_less_than_4_kb() -> None:
    assert read_org({"extends": "default", "application": {"certificate": certificate(KEY)}})
    with pytest.raises(OrgError, match="a certificate has less than 4 KB"):
        read_org({"extends": "default", "application": {"certificate": certificate(KEY, hosts=200)}})


def test_a_weak_key_is_refused_while_the_org_runs_and_the_old_one_stays(apart: Client) -> None:
    with pytest.raises(OrgError, match="1,024 bits"):
        apart.emulator.change_app(certificate=pem(WEAK))
    assert "access_token" in answer(apart)
