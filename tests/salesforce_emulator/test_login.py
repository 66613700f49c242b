"""OAuth: tokens, their errors and their end."""

from __future__ import annotations

import base64

import jwt
import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client


def test_a_token_answer_has_the_fields_of_salesforce_and_no_expiry(client: Client) -> None:
    answer = client.login()
    assert answer.status_code == 200
    facts = answer.json()
    assert set(facts) == {"access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"}
    assert facts["token_type"] == "Bearer"
    assert facts["issued_at"].isdigit()
    assert facts["access_token"].startswith(f"{client.emulator.world.org.id[:15]}!")
    assert facts["id"].split("/")[-2] == client.emulator.world.org.id


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        ({"client_id": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"client_secret": "wrong"}, "invalid_client", "invalid client credentials"),
        ({"grant_type": "telepathy"}, "unsupported_grant_type", "grant type not supported"),
    ],
)
def test_a_bad_token_request_is_refused(client: Client, form: dict[str, str], error: str, description: str) -> None:
    answer = client.login(**form)
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


def test_client_id_and_secret_may_come_in_a_basic_header(client: Client, emulator: Emulator) -> None:
    coded = base64.b64encode(f"{emulator.client_id}:{emulator.client_secret}".encode()).decode()
    url = f"{emulator.login_url}/services/oauth2/token"
    form = {"grant_type": "client_credentials"}
    answer = client.http.post(url, data=form, headers={"Authorization": f"Basic {coded}"})
    assert answer.json()["token_type"] == "Bearer"
    wrong = client.http.post(url, data=form, headers={"Authorization": "Basic !"})
    assert wrong.json()["error"] == "invalid_client"


def test_an_idle_session_ends_and_a_used_one_does_not(client: Client, emulator: Emulator) -> None:
    for _ in range(3):
        emulator.advance(7000)
        assert client.rest("GET", "/limits").status_code == 200
    emulator.advance(7300)
    answer = client.rest("GET", "/limits")
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_bulk_api_answers_an_ended_session_in_its_own_way(client: Client) -> None:
    client.token = "00D5g000000EmuL!gone"
    answer = client.bulk("GET", "/7505g0000000001AAA")
    assert answer.status_code == 400
    assert b"<exceptionCode>InvalidSessionId</exceptionCode>" in answer.content
    assert b"<exceptionMessage>Invalid session id</exceptionMessage>" in answer.content
    as_json = client.bulk("GET", "/7505g0000000001AAA", Content_Type="application/json")
    assert as_json.json() == {"exceptionCode": "InvalidSessionId", "exceptionMessage": "Invalid session id"}


def test_a_malformed_header_is_not_an_ended_session(client: Client) -> None:
    answer = client.rest("GET", "/limits", headers={"Authorization": f"Token {client.token}"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_AUTH_HEADER")


def test_a_revoked_token_is_dead(client: Client, emulator: Emulator) -> None:
    url = f"{emulator.login_url}/services/oauth2/revoke"
    assert client.http.post(url, data={"token": client.token}).status_code == 200
    assert client.rest("GET", "/limits").status_code == 401
    assert client.http.get(url, params={"token": client.token}).status_code == 400


def test_the_identity_names_user_and_org(client: Client, emulator: Emulator) -> None:
    headers = {"Authorization": f"Bearer {client.token}"}
    person = client.http.get(f"{emulator.login_url}/services/oauth2/userinfo", headers=headers).json()
    assert person["preferred_username"] == emulator.username
    assert person["organization_id"] == emulator.world.org.id
    identity = client.http.get(client.login().json()["id"], headers=headers)
    assert identity.json()["user_id"] == person["user_id"]
    assert client.http.get(f"{emulator.login_url}/services/oauth2/userinfo").status_code == 403


def test_a_token_in_jwt_format_ends_when_it_says_and_not_later(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"application": {"tokenFormat": "jwt"}})
    client.login()
    claims = jwt.decode(client.token, options={"verify_signature": False})
    assert (claims["scp"], claims["iss"]) == ("api", emulator.instance_url)
    for _ in range(2):
        assert client.rest("GET", "/limits").ok
        emulator.advance(4000)
    assert client.rest("GET", "/limits").status_code == 401


def test_a_token_without_the_scope_of_the_api_is_good_for_identity_only(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"application": {"scopes": ["openid"]}})
    client.login()
    answer = client.rest("GET", "/limits")
    assert (answer.status_code, answer.json()) == (
        401,
        [
            {
                "message": "This session is not valid for use with the REST API",
                "errorCode": "INVALID_SESSION_ID",
            }
        ],
    )
    assert b"InvalidSessionId" in client.bulk("GET", "/7505g0000000001AAA").content
    headers = {"Authorization": f"Bearer {client.token}"}
    assert client.http.get(f"{emulator.login_url}/services/oauth2/userinfo", headers=headers).ok


def test_an_app_without_a_run_as_user_cannot_log_in_by_itself(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"application": {"clientCredentials": False}})
    refused = {"error": "invalid_grant", "error_description": "no client credentials user enabled"}
    assert client.login().json() == refused


def test_username_and_password_log_in_only_where_the_org_allows_it(client: Client, emulator: Emulator) -> None:
    form = {"grant_type": "password", "username": emulator.username, "password": emulator.password}
    refused = {"error": "invalid_grant", "error_description": "authentication failure"}
    assert client.login(**form).json() == refused
    emulator.change_org({"application": {"passwordFlow": True}})
    assert client.login(**form).ok
    assert client.login(**{**form, "password": "wrong"}).json() == refused
    assert client.login(**{**form, "username": "nobody"}).json() == refused


def test_tokens_are_asked_for_by_post_only(client: Client, emulator: Emulator) -> None:
    answer = client.http.get(f"{emulator.login_url}/services/oauth2/token")
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_request", "error_description": "must use HTTP POST"},
    )
