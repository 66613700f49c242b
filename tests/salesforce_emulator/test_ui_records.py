"""The UI API: single records, created once for each idempotency key."""

from __future__ import annotations

import uuid
from typing import Any

import requests
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client


def create(client: Client, key: str | None = None, object_name: str = "Contact", **fields: Any) -> requests.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.rest("POST", "/ui-api/records", {"apiName": object_name, "fields": fields}, headers=headers)


def test_records_are_created_and_read(client: Client) -> None:
    answer = create(client, LastName="L", Tier__c="Gold")
    assert answer.status_code == 201
    made = answer.json()
    assert (made["apiName"], made["fields"]["Tier__c"]) == ("Contact", {"displayValue": "Gold", "value": "Gold"})
    read = client.rest("GET", f"/ui-api/records/{made['id']}", params={"fields": "Contact.LastName"}).json()
    assert read["fields"] == {"LastName": {"displayValue": None, "value": "L"}}
    assert client.rest("GET", "/ui-api/records/003000000000000AAA").status_code == 404


def test_errors_name_their_field(client: Client) -> None:
    answer = create(client, FirstName="only")
    assert answer.status_code == 400
    [error] = answer.json()
    assert error["output"]["fieldErrors"]["LastName"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert create(client, object_name="Nope", Name="x").json()[0]["errorCode"] == "INVALID_TYPE"


def test_bodies_and_objects_that_user_interfaces_do_not_have_are_refused(client: Client) -> None:
    bodies: list[Any] = [[], {"apiName": "Contact"}, {"fields": {"LastName": "L"}}]
    for body in bodies:
        refused = client.rest("POST", "/ui-api/records", body)
        assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    text = "Object Order_Update__e is not supported in UI API"
    event = create(client, object_name="Order_Update__e", Order_Number__c="O-1")
    assert (event.status_code, event.json()) == (400, [{"message": text, "errorCode": "INVALID_TYPE"}])
    assert client.emulator.events("Order_Update__e")["events"] == []


def test_the_same_key_creates_one_record_for_thirty_days(client: Client, emulator: Emulator) -> None:
    key = str(uuid.uuid4())
    first, second = create(client, key, LastName="L"), create(client, key, LastName="L")
    assert (second.status_code, second.json()["id"]) == (201, first.json()["id"])
    assert len(emulator.records("Contact")) == 1
    emulator.advance(31 * 86_400)
    client.login()
    assert create(client, key, LastName="L").json()["id"] != first.json()["id"]


def test_the_key_survives_a_lost_answer(client: Client, emulator: Emulator) -> None:
    emulator.faults([{"match": {"path": "*/ui-api/records"}, "do": {"cut": "after"}, "times": 1}])
    key = str(uuid.uuid4())
    try:
        create(client, key, LastName="L")
    except requests.ConnectionError:
        create(client, key, LastName="L")
    assert len(emulator.records("Contact")) == 1


def test_a_key_belongs_to_one_request(client: Client) -> None:
    key = str(uuid.uuid4())
    create(client, key, LastName="L")
    assert create(client, key, LastName="M").json()[0]["errorCode"] == "IDEMPOTENCY_KEY_ALREADY_USED"
    assert create(client, "k1", LastName="M").json()[0]["errorCode"] == "INVALID_IDEMPOTENCY_KEY"


def test_other_calls_know_no_key(client: Client, emulator: Emulator) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    for _ in range(2):
        assert client.rest("POST", "/sobjects/Contact", {"LastName": "L"}, headers=headers).status_code == 201
    assert len(emulator.records("Contact")) == 2


def test_a_key_belongs_to_one_user(client: Client, emulator: Emulator) -> None:
    key = str(uuid.uuid4())
    create(client, key, LastName="L")
    emulator.change_org({"application": {"passwordFlow": True}})
    person = {"username": "second@emulator.invalid", "password": emulator.password}
    assert client.login(grant_type="password", **person).ok
    answer = create(client, key, LastName="L")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "IDEMPOTENCY_KEY_USED_DIFFERENT_USER")


def test_a_key_that_is_being_served_is_told_so(client: Client, emulator: Emulator) -> None:
    key = str(uuid.uuid4())
    body = create(client, key, LastName="L").request.body
    assert isinstance(body, bytes)
    emulator.world.idempotency.forget(key)
    emulator.world.idempotency.begin(key, emulator.world.user_id, body)
    answer = create(client, key, LastName="L")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (409, "IDEMPOTENCY_CONCURRENT_REQUEST")
