"""JWT bearer: assertions that are signed for the app's certificate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from salesforce_emulator import Emulator, OrgError, read_org

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.test_web_login import Browser

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
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
    """What the login host says to an assertion, right but for these claims."""
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
