"""Login host and instance host, and an instance that moves."""

from __future__ import annotations

import pytest
import requests
from salesforce_emulator import Emulator
from salesforce_emulator.hosts import Hosts

from tests.salesforce_emulator.client import Client


def bearer(client: Client) -> dict[str, str]:
    return {"Authorization": f"Bearer {client.token}"}


def test_who_ignores_the_instance_of_the_token_answer_gets_no_data(client: Client, emulator: Emulator) -> None:
    assert client.login().json()["instance_url"] == emulator.instance_url != emulator.login_url
    answer = client.http.get(f"{emulator.login_url}/services/data/v58.0/limits", headers=bearer(client))
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "URL_NOT_RESET")
    url = f"{emulator.login_url}/services/async/58.0/job"
    bulk = client.http.post(url, headers={"X-SFDC-Session": client.token})
    assert (bulk.status_code, b"<exceptionCode>InvalidUrl<" in bulk.content) == (400, True)
    assert client.http.get(f"{emulator.login_url}/services/data").ok


def test_the_instance_logs_clients_in_too_as_a_my_domain_does(client: Client, emulator: Emulator) -> None:
    form = {"client_id": emulator.client_id, "client_secret": emulator.client_secret}
    form["grant_type"] = "client_credentials"
    assert client.http.post(f"{emulator.instance_url}/services/oauth2/token", data=form).ok


def test_a_login_host_of_every_org_refuses_client_credentials(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"genericLogin": True})
    refused = client.login()
    assert refused.status_code == 400
    assert refused.json() == {"error": "invalid_grant", "error_description": "request not supported on this domain"}
    form = {"client_id": emulator.client_id, "client_secret": emulator.client_secret}
    form["grant_type"] = "client_credentials"
    assert client.http.post(f"{emulator.instance_url}/services/oauth2/token", data=form).ok


def test_after_a_move_the_former_host_redirects_and_tokens_name_the_new_one(client: Client, emulator: Emulator) -> None:
    before = emulator.instance_url
    url = f"{before}/services/data/v58.0/query?q=SELECT+Id+FROM+Account"
    assert requests.post(f"{before}/__emulator__/move", timeout=5).json() == {"instance_url": emulator.instance_url}
    assert emulator.instance_url == before.replace("127.0.0.1", "localhost")
    answer = client.http.get(url, headers=bearer(client), allow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["Location"] == url.replace("127.0.0.1", "localhost")
    assert client.login().json()["instance_url"] == emulator.instance_url
    assert client.rest("GET", "/limits").ok
    emulator.reset()
    assert emulator.instance_url == before


def test_sessions_end_when_the_side_door_says_so(client: Client, emulator: Emulator) -> None:
    url = f"{emulator.instance_url}/__emulator__/expire"
    assert requests.post(url, timeout=5).status_code == 204
    assert client.rest("GET", "/limits").status_code == 401
    client.login()
    assert requests.post(url, json={"access": False, "refresh": True}, timeout=5).status_code == 204
    assert client.rest("GET", "/limits").ok


def test_only_an_instance_of_this_computer_moves() -> None:
    hosts = Hosts(instance="http://192.0.2.1:80")
    with pytest.raises(ValueError, match=r"not from 192\.0\.2\.1"):
        hosts.move()
    assert (hosts.instance, hosts.former) == ("http://192.0.2.1:80", None)
