"""Platform events: found, published through every API, refused, counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from salesforce_emulator import Emulator

from tests.salesforce_emulator import soap
from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.recorded_events import UUID, events
from tests.salesforce_emulator.test_side_door import door

ORDER, SIGNAL = "Order_Update__e", "Legacy_Signal__e"


def order(number: str | None, **more: Any) -> dict[str, Any]:
    return {"Order_Number__c": number, **more}


def read_published_keys(emulator: Emulator, name: str = ORDER) -> list[Any]:
    key = "Order_Number__c" if name == ORDER else "Code__c"
    return [event["payload"][key] for event in emulator.events(name)["events"]]


def list_objects(client: Client) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in client.rest("GET", "/sobjects").json()["sobjects"]}


def provoke_error(client: Client, body: dict[str, Any], name: str = ORDER) -> tuple[int, str, str]:
    answer = client.rest("POST", f"/sobjects/{name}", body)
    [error] = answer.json()
    return answer.status_code, error["errorCode"], error["message"]


def test_events_are_listed_among_the_objects_with_their_flags(client: Client) -> None:
    objects = list_objects(client)
    never = dict.fromkeys(("deletable", "layoutable", "queryable", "replicateable", "searchable", "updateable"), False)
    for name, prefix in ((ORDER, "e00"), (SIGNAL, "e01")):
        assert objects[name].items() >= {**never, "createable": True, "custom": True, "triggerable": True}.items()
        assert (objects[name]["keyPrefix"], objects[name]["retrieveable"]) == (prefix, False)
    assert objects[ORDER]["urls"] == {
        part: f"/services/data/v58.0/sobjects/{ORDER}{path}"
        for part, path in {
            "sobject": "",
            "describe": "/describe",
            "eventSchema": "/eventSchema",
            "rowTemplate": "/{ID}",
        }.items()
    }


def test_what_only_looks_like_an_event_is_listed_too(client: Client) -> None:
    objects = list_objects(client)
    change, error, entry = (objects[name] for name in ("AccountChangeEvent", "BatchApexErrorEvent", "Event"))
    assert (change["createable"], change["queryable"], change["retrieveable"], change["keyPrefix"]) == (
        *(False, False, True, None),
    )
    assert (error["createable"], error["custom"], error["triggerable"]) == (False, False, True)
    assert (entry["createable"], entry["queryable"], entry["keyPrefix"]) == (True, True, "00U")
    for name in ("AccountChangeEvent", "BatchApexErrorEvent"):
        assert provoke_error(client, {}, name)[1] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    client.create("Event", Subject="Call", StartDateTime="2024-01-01T10:00:00Z", DurationInMinutes=5)


def test_describe_shows_the_fields_and_which_may_be_set(client: Client) -> None:
    described = client.rest("GET", f"/sobjects/{ORDER}/describe").json()
    fields = {field["name"]: field for field in described["fields"]}
    assert [name for name, field in fields.items() if not field["createable"]] == [
        *("Id", "ReplayId", "CreatedDate", "CreatedById", "EventUuid")
    ]
    assert not any(field["updateable"] or field["permissionable"] for field in fields.values())
    assert (fields["Order_Number__c"]["nillable"], fields["Notes__c"]["length"]) == (False, 131_072)
    assert described["recordTypeInfos"] == []


def test_an_event_is_queued_under_its_uuid(client: Client, emulator: Emulator) -> None:
    body = order("O-1", Amount__c=12.5, Shipped_At__c="2024-05-01T12:00:00Z")
    answer = client.rest("POST", f"/sobjects/{ORDER}/", body)
    assert answer.status_code == 201
    [notice] = answer.json().pop("errors")
    assert (notice["statusCode"], notice["fields"]) == ("OPERATION_ENQUEUED", [])
    assert UUID.match(notice["message"])
    assert (answer.json()["id"], answer.json()["success"]) == ("e00xx0000000001AAA", True)
    [event] = emulator.events(ORDER)["events"]
    assert (event["eventUuid"], event["createdById"]) == (notice["message"], emulator.world.user_id)
    assert event["payload"] == {
        **order("O-1", Amount__c=12.5, Shipped_At__c="2024-05-01T12:00:00.000+0000", Shipped__c=False),
        **dict.fromkeys(("Status__c", "Ships_On__c", "Notes__c")),
    }


def test_an_event_of_the_standard_volume_has_no_uuid_to_tell(client: Client, emulator: Emulator) -> None:
    answer = client.rest("POST", f"/sobjects/{SIGNAL}", {"Code__c": "red"})
    assert (answer.status_code, answer.json()) == (201, {"id": "e01xx0000000001AAA", "success": True, "errors": []})
    assert read_published_keys(emulator, SIGNAL) == ["red"]


def test_collections_answer_each_event_and_keep_the_order(client: Client, emulator: Emulator) -> None:
    numbers = [f"O-{n}" for n in range(200)]
    results = client.collection("POST", "", *map(order, numbers), type_=ORDER)
    assert {result["errors"][0]["statusCode"] for result in results} == {"OPERATION_ENQUEUED"}
    assert read_published_keys(emulator) == numbers
    replays = [event["replayId"] for event in emulator.events(ORDER)["events"]]
    assert replays == sorted(set(replays))
    [bad, good] = client.collection("POST", "", order(None), order("O-200"), type_=ORDER)
    message = "Required fields are missing: [Order_Number__c]"
    assert bad == {
        "success": False,
        "errors": [{"statusCode": "REQUIRED_FIELD_MISSING", "message": message, "fields": ["Order_Number__c"]}],
    }
    assert good["success"] is True


def test_all_or_none_takes_back_only_what_waits_for_the_commit(client: Client, emulator: Emulator) -> None:
    rows = (order("O-1"), order(None))
    [first, second] = client.collection("POST", "", *rows, type_=ORDER, all_or_none=True)
    assert (first["success"], second["errors"][0]["statusCode"]) == (True, "REQUIRED_FIELD_MISSING")
    assert read_published_keys(emulator) == ["O-1"]
    emulator.change_org({"objects": {ORDER: {"publishBehavior": "PublishAfterCommit"}}})
    [first, _] = client.collection("POST", "", *rows, type_=ORDER, all_or_none=True)
    assert first["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert read_published_keys(emulator) == ["O-1"]
    client.collection("POST", "", order("O-2"), type_=ORDER, all_or_none=True)
    assert read_published_keys(emulator) == ["O-1", "O-2"]


@pytest.mark.parametrize("behavior", ["PublishImmediately", "PublishAfterCommit"])
def test_a_composite_publishes_its_events(client: Client, emulator: Emulator, behavior: str) -> None:
    emulator.change_org({"objects": {ORDER: {"publishBehavior": behavior}}})

    def composite(all_or_none: bool, *bodies: dict[str, Any]) -> list[Any]:
        url = f"/services/data/v58.0/sobjects/{ORDER}"
        requests = [
            {"method": "POST", "url": url, "referenceId": f"r{at}", "body": body} for at, body in enumerate(bodies)
        ]
        body = {"allOrNone": all_or_none, "compositeRequest": requests}
        answers: list[Any] = client.rest("POST", "/composite", body).json()["compositeResponse"]
        return answers

    [one, two] = composite(False, order("O-1"), order(None))
    assert (one["httpStatusCode"], one["body"]["errors"][0]["statusCode"]) == (201, "OPERATION_ENQUEUED")
    assert (two["httpStatusCode"], two["body"][0]["errorCode"]) == (400, "REQUIRED_FIELD_MISSING")
    composite(True, order("O-2"), order(None))
    assert read_published_keys(emulator) == (["O-1", "O-2"] if behavior == "PublishImmediately" else ["O-1"])
    assert emulator.stats()["executed"][ORDER] == emulator.events(ORDER)["counts"]


def test_a_job_of_bulk_api_2_publishes_without_uuids(client: Client, emulator: Emulator) -> None:
    job, info = client.ingest("insert", ORDER, "Order_Number__c,Amount__c\nO-1,5\n,6\nO-2,\n")
    assert (info["numberRecordsProcessed"], info["numberRecordsFailed"]) == (3, 1)
    rows = client.file(job, "successfulResults")
    assert [(row["sf__Id"], row["sf__Created"]) for row in rows] == [("e00xx0000000001AAA", "true")] * 2
    assert "REQUIRED_FIELD_MISSING" in client.file(job, "failedResults")[0]["sf__Error"]
    assert read_published_keys(emulator) == ["O-1", "O-2"]
    refused = client.jobs("POST", "/ingest", {"operation": "insert", "object": "AccountChangeEvent"})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "INVALIDENTITY")


def test_bulk_api_takes_no_events(client: Client) -> None:
    with pytest.raises(AssertionError, match="InvalidEntity"):
        client.job("insert", ORDER)


def test_soap_publishes_too(client: Client, emulator: Emulator) -> None:
    [result] = soap.call_soap(client, "create", soap.sobject("sObjects", ORDER, Order_Number__c="O-1"))
    [error] = result["errors"]
    assert (error["statusCode"], result["success"]) == ("OPERATION_ENQUEUED", "true")
    assert emulator.events(ORDER)["events"][0]["eventUuid"] == error["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (order(None), "REQUIRED_FIELD_MISSING"),
        ({}, "REQUIRED_FIELD_MISSING"),
        (order("x" * 41), "STRING_TOO_LONG"),
        (order("x", Notes__c="x" * 131_073), "STRING_TOO_LONG"),
        (order("x", Amount__c=1e17), "NUMBER_OUTSIDE_VALID_RANGE"),
        (order("x", Amount__c="five"), "JSON_PARSER_ERROR"),
        (order("x", Ships_On__c="2024-02-30"), "JSON_PARSER_ERROR"),
        (order("x", Shipped__c=None), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (order("x", Nope__c=1), "INVALID_FIELD"),
        (order("x", ReplayId="5"), "INVALID_FIELD_FOR_INSERT_UPDATE"),
        (order("x", EventUuid="5"), "INVALID_FIELD_FOR_INSERT_UPDATE"),
        (order("x", CreatedBy={"Username": "integration@emulator.invalid"}), "INVALID_FIELD_FOR_INSERT_UPDATE"),
        (order("x", Id="e00xx0000000001AAA"), "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_an_event_that_does_not_fit_is_refused(
    client: Client, emulator: Emulator, body: dict[str, Any], code: str
) -> None:
    assert provoke_error(client, body)[:2] == (400, code)
    assert read_published_keys(emulator) == []


def test_an_event_above_one_megabyte_is_refused(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"objects": {ORDER: {"fields": {"Notes__c": {"length": 2_000_000}}}}})
    assert provoke_error(client, order("O-1", Notes__c="x" * 1_100_000))[1] == "LIMIT_EXCEEDED"
    client.create(ORDER, **order("O-2", Notes__c="x" * 1_000_000))


def test_events_are_neither_read_nor_changed_nor_deleted(client: Client) -> None:
    event = client.create(ORDER, **order("O-1"))
    answer = client.query(f"SELECT Id FROM {ORDER}")
    assert answer[0]["errorCode"] == "INVALID_TYPE_FOR_OPERATION"
    assert client.rest("GET", f"/sobjects/{ORDER}/{event}").status_code == 404
    for method in ("PATCH", "DELETE"):
        answer = client.rest(method, f"/sobjects/{ORDER}/{event}", {} if method == "PATCH" else None)
        assert answer.json()[0]["errorCode"] in ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "NOT_FOUND")
    assert client.rest("PATCH", f"/sobjects/{ORDER}/Order_Number__c/O-1", {}).status_code == 404
    missing = client.rest("POST", "/sobjects/Nope__e", {})
    assert (missing.status_code, missing.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_create_on_the_event_is_the_permission(client: Client, emulator: Emulator) -> None:
    def allow(**allowed: bool) -> None:
        emulator.change_org({"permissions": {emulator.username: {"objects": {ORDER: allowed}}}})

    allow(create=False)
    assert list_objects(client)[ORDER]["createable"] is False
    assert provoke_error(client, order("O-1"))[:2] == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    allow(read=False, create=False)
    assert ORDER not in list_objects(client)
    assert provoke_error(client, order("O-1"))[:2] == (404, "NOT_FOUND")
    with pytest.raises(ValueError, match="field-level security does not apply"):
        emulator.change_org({"permissions": {emulator.username: {"fields": {f"{ORDER}.Status__c": "none"}}}})


def read_remaining(client: Client, name: str = "HourlyPublishedPlatformEvents") -> int:
    return int(client.rest("GET", "/limits").json()[name]["Remaining"])


def test_an_hour_has_so_many_events(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"limits": {"HourlyPublishedPlatformEvents": {"max": 5, "remaining": 3}}})
    results = client.collection("POST", "", *[order(f"O-{n}") for n in range(5)], type_=ORDER)
    assert [result["success"] for result in results] == [True] * 3 + [False] * 2
    assert results[3]["errors"][0]["statusCode"] == "LIMIT_EXCEEDED"
    client.create(SIGNAL, Code__c="other")
    assert (read_remaining(client), read_remaining(client, "HourlyPublishedStandardVolumePlatformEvents")) == (0, 999)
    calls = read_remaining(client, "DailyApiRequests")
    emulator.advance(3_601)
    assert read_remaining(client, "DailyApiRequests") == calls - 1
    assert (read_remaining(client), read_remaining(client, "HourlyPublishedStandardVolumePlatformEvents")) == (5, 1_000)
    client.create(ORDER, **order("O-5"))
    assert (read_remaining(client), read_published_keys(emulator)) == (4, ["O-0", "O-1", "O-2", "O-5"])
    emulator.advance(36_000)
    client.login()
    assert read_remaining(client) == 5


def test_events_fail_on_demand_and_are_counted_by_their_key(client: Client, emulator: Emulator) -> None:
    do = {"error": {"code": "PLATFORM_EVENT_PUBLISHING_UNAVAILABLE", "message": "try later"}}
    emulator.faults([{"match": {"object": ORDER, "key": ["O-1", "paid"]}, "do": do, "times": 2}])
    rows = [order("O-1"), order("O-2", Status__c="paid"), order("O-3")]
    results = client.collection("POST", "", *rows, type_=ORDER)
    assert [result["success"] for result in results] == [False, False, True]
    assert results[0]["errors"][0]["statusCode"] == "PLATFORM_EVENT_PUBLISHING_UNAVAILABLE"
    client.collection("POST", "", *rows, type_=ORDER)
    told = door(emulator, "GET", f"/events/{ORDER}").json()
    assert told["counts"] == emulator.stats()["executed"][ORDER] == {"O-1": 1, "O-2": 1, "O-3": 2}
    assert emulator.stats()["attempted"][ORDER] == {"O-1": 2, "O-2": 2, "O-3": 2}
    assert [event["payload"]["Order_Number__c"] for event in told["events"]] == ["O-3", "O-1", "O-2", "O-3"]
    assert door(emulator, "GET", "/events/Nope__e").status_code == 400
    emulator.reset()
    assert read_published_keys(emulator) == []


def test_an_answer_that_is_lost_leaves_its_event_on_the_bus(client: Client, emulator: Emulator) -> None:
    emulator.faults([{"match": {"path": f"*/sobjects/{ORDER}"}, "do": {"cut": "after"}, "times": 1}])
    with pytest.raises(requests.ConnectionError):
        client.rest("POST", f"/sobjects/{ORDER}", order("O-1"))
    assert read_published_keys(emulator) == ["O-1"]


def test_a_subscriber_learns_the_schema_whose_id_changes_with_the_fields(client: Client, emulator: Emulator) -> None:
    schema = client.rest("GET", f"/sobjects/{ORDER}/eventSchema").json()
    assert (schema["name"], schema["namespace"], schema["type"]) == (ORDER, "com.sforce.eventbus", "record")
    assert schema["fields"][0] == {"name": "CreatedDate", "type": "long", "doc": "CreatedDate:DateTime"}
    assert client.rest("GET", f"/event/eventSchema/{schema['uuid']}").json() == schema
    emulator.change_org({"objects": {ORDER: {"fields": {"More__c": {"type": "boolean"}}}}})
    assert client.rest("GET", f"/event/eventSchema/{schema['uuid']}").status_code == 404
    assert client.rest("GET", "/sobjects/Account/eventSchema").status_code == 404


def test_an_org_file_says_what_events_may_not_have() -> None:
    fields = {"Kind__c": {"type": "picklist", "picklistValues": ["a"]}}
    change = {"Bad__e": {"eventType": "Change"}, "Odd__e": {"fields": fields}}
    with pytest.raises(ValueError, match=r"events have no picklist") as refusal:
        Emulator({"extends": "default", "objects": change})
    assert "objects.Bad__e: eventType: HighVolume and StandardVolume are those of __e" in str(refusal.value)


def test_the_answer_has_the_documented_form(recordings: Path) -> None:
    [found] = events(recordings)
    assert found.differences == []
