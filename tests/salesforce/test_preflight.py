from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve
from connector_salesforce.config import Options
from connector_salesforce.preflight.check import check_plan
from connector_salesforce.preflight.limits import forecast
from connector_salesforce.transport.sending import Answer, Request

from connector_sdk import Action, Column, Delivery, Finding, Level, Mode, PlanSummary

from .scripted import ScriptedTransport, add_objects, answer, described_field, described_object, org


def plan(
    rows: int = 100_000, size: int = 1_000, api: str = "bulk", action: Action = Action.UPSERT, **more: Any
) -> PlanSummary:
    return PlanSummary(
        run="run",
        sync="sync",
        mode=Mode.UPSERT,
        object_names=("Contact",),
        api=api,
        batch_size=size,
        parallelism=10,
        delivery=Delivery.EXACTLY_ONCE,
        columns=more.get("columns", ()),
        planned={action: rows},
        batches={action: -(-rows // size)},
    )


def plain() -> ScriptedTransport:
    """Return an org without automation."""
    transport = ScriptedTransport()
    empty = {"records": [], "done": True}
    said = [{"referenceId": f"q{number}", "httpStatusCode": 200, "body": empty} for number in range(5)]
    transport.on("GET", r".*/tooling/query\?.*", answer(empty))
    transport.on("POST", ".*/composite", answer({"compositeResponse": said}))
    return transport


def check(
    given: PlanSummary, options: Options | None = None, limits: Mapping[str, int] | None = None, **flags: Any
) -> list[Finding]:
    transport = plain()
    add_objects(transport, described_object("Contact", [described_field("Body", "base64")], **flags))
    left = {"DailyApiRequests": 15_000, "DailyBulkApiBatches": 15_000, **(limits or {})}
    transport.on(
        "GET", ".*/limits", answer({name: {"Max": 15_000, "Remaining": count} for name, count in left.items()})
    )
    return check_plan(org(transport), given, options or Options())


def stops(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.level is Level.STOP]


@pytest.mark.parametrize(
    ("given", "calls"),
    [
        (plan(size=10_000), 22),
        (plan(size=1_000), 202),
        (plan(450, 200, "rest"), 3),
        (plan(0), 0),
        (plan(250_000, 100_000, "bulk2"), 12),
    ],
)
def test_calls_are_forecast_as_they_will_be_made(given: PlanSummary, calls: int) -> None:
    assert forecast(given) == calls


def test_a_plan_that_fits_is_told_what_it_uses() -> None:
    calls, batches = check(plan())
    assert (calls.level, batches.level) == (Level.INFO, Level.INFO)
    assert "100,000 rows" in calls.message
    assert "202" in calls.message
    assert "15,000" in calls.message
    assert "100 Bulk API batches" in batches.message


def test_the_batches_into_which_salesforce_cuts_a_job_are_counted() -> None:
    _, batches = check(plan(250_000, 100_000, "bulk2"))
    assert "25 Bulk API batches" in batches.message
    (stop,) = stops(check(plan(250_000, 100_000, "bulk2"), limits={"DailyBulkApiBatches": 24}))
    assert "No batch size fits" in stop.advice


def test_larger_jobs_are_proposed_where_calls_are_few() -> None:
    (stop,) = stops(check(plan(1_000_000, 100_000, "bulk2"), limits={"DailyApiRequests": 20}))
    assert "batch_size: 200000 or more" in stop.advice


def test_the_floor_of_calls_is_left_to_others() -> None:
    (stop,) = stops(check(plan(), Options(keep_api_calls=900), {"DailyApiRequests": 1_000}))
    assert "202" in stop.message
    assert "102 too few" in stop.message
    assert "batch_size: 2041" in stop.advice


def test_what_never_fits_is_said_to() -> None:
    (stop,) = stops(check(plan(), limits={"DailyApiRequests": 3}))
    assert "No batch size fits" in stop.advice


def test_a_rest_plan_that_does_not_fit_is_pointed_to_bulk() -> None:
    (stop,) = stops(check(plan(10_000, 200, "rest"), limits={"DailyApiRequests": 40}))
    assert "api: bulk" in stop.advice


def test_bulk_batches_that_are_left_are_not_overrun() -> None:
    (stop,) = stops(check(plan(1_000_000), limits={"DailyBulkApiBatches": 300}))
    assert "1,000" in stop.message
    assert "batch_size: 3334 or more" in stop.advice
    assert "api: bulk2" in stop.advice


def test_an_insert_is_never_sent_to_the_bulk_api_2() -> None:
    given = evolve(plan(1_000_000, action=Action.CREATE), mode=Mode.INSERT)
    (stop,) = stops(check(given, limits={"DailyBulkApiBatches": 300}))
    assert "batch_size: 3334" in stop.advice
    assert "bulk2" not in stop.advice


def test_limits_that_may_not_be_read_do_not_stop_a_run() -> None:
    transport = plain()
    add_objects(transport, described_object("Contact"))
    transport.on("GET", ".*/limits", answer([{"errorCode": "INSUFFICIENT_ACCESS", "message": "m"}], 403))
    (finding,) = check_plan(org(transport), plan(), Options())
    assert (finding.level, "could not check" in finding.message) == (Level.WARNING, True)
    assert "View Setup and Configuration" in finding.advice


def test_the_floor_holds_also_where_limits_may_not_be_read_but_answers_tell_them() -> None:
    transport = plain()
    add_objects(transport, described_object("Contact"))

    def refuse_limits(_: Request) -> Answer:
        transport.quota.report_left(1_000)
        return answer([{"errorCode": "INSUFFICIENT_ACCESS", "message": "m"}], 403)

    transport.on("GET", ".*/limits", refuse_limits)
    (stop,) = stops(check_plan(org(transport), plan(), Options(keep_api_calls=900)))
    assert "102 too few" in stop.message


def test_the_storage_that_is_left_is_told_with_the_kind_of_org() -> None:
    transport = plain()
    add_objects(transport, described_object("Contact"))
    transport.on("GET", ".*/limits", answer({"DataStorageMB": {"Max": 200, "Remaining": 0}}))
    opened = org(transport)
    opened.kind = "sandbox dev, Enterprise Edition"
    said = {each.message: each.level for each in check_plan(opened, plan(), Options())}
    assert said["the org is sandbox dev, Enterprise Edition, 0 MB of data storage left"] is Level.INFO
    assert Level.WARNING in [level for message, level in said.items() if "STORAGE_LIMIT_EXCEEDED" in message]
    updates = check_plan(opened, plan(action=Action.UPDATE), Options())
    assert not any("STORAGE_LIMIT_EXCEEDED" in each.message for each in updates)


@pytest.mark.parametrize(
    ("action", "flag", "word"),
    [
        (Action.UPSERT, "createable", "Create"),
        (Action.UPDATE, "updateable", "Edit"),
        (Action.DELETE, "deletable", "Delete"),
    ],
)
def test_a_permission_that_is_missing_stops_the_run(action: Action, flag: str, word: str) -> None:
    (stop,) = stops(check(plan(action=action), **{flag: False}))
    assert word in stop.advice


def test_a_field_that_the_user_no_longer_sees_or_edits_stops_the_run_with_the_path_in_setup() -> None:
    fields = [described_field("Email", createable=False, updateable=False), described_field("Key__c", updateable=False),
              described_field("Once__c", updateable=False)]  # fmt: skip
    transport = plain()
    add_objects(transport, described_object("Contact", fields))
    columns = tuple(map(Column, ("Email", "Phone", "Key__c", "Once__c")))
    given = evolve(plan(columns=columns), match_field="Key__c")
    read_only, hidden = stops(check_plan(org(transport), given, Options()))
    assert read_only.message == "Contact: Email may not be edited by this user"
    assert hidden.message == "Contact: Phone is absent or hidden from this user"
    assert "Setup, Object Manager, Contact, Fields & Relationships, Phone, Set Field-Level Security" in hidden.advice


def record_type(name: str, *, default: bool = False, available: bool = True) -> dict[str, Any]:
    return {"name": name, "available": available, "defaultRecordTypeMapping": default, "master": name == "Master"}


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ([], []),
        ([record_type("Master", default=True)], []),
        ([record_type("Sales", default=True), record_type("Master")], []),
        ([record_type("Sales"), record_type("Partner", default=True), record_type("Master")], ["Partner"]),
        ([record_type("Sales", available=False), record_type("Master")], ["no default record type"]),
    ],
)
def test_the_record_type_that_new_records_get_is_told(types: list[dict[str, Any]], said: list[str]) -> None:
    found = [each.message for each in check(plan(), recordTypeInfos=types) if "record type" in each.message]
    assert len(found) == len(said)
    assert all(words in message for words, message in zip(said, found, strict=True))
    updates = check(plan(action=Action.UPDATE), recordTypeInfos=types)
    assert not any("record type" in each.message for each in updates)


def test_a_binary_field_stops_a_plan_through_bulk() -> None:
    for api in ("bulk", "bulk2"):
        (stop,) = stops(check(plan(api=api, columns=(Column("Body"),))))
        assert "api: rest" in stop.advice
    assert not stops(check(plan(200, 200, "rest", columns=(Column("Body"),))))


@pytest.mark.parametrize(
    ("given", "options"),
    [
        (plan(), Options(duplicate_rules="allow")),
        (plan(), Options(assignment_rules="on")),
        (plan(api="bulk2"), Options(duplicate_rules="allow")),
        (plan(api="bulk2"), Options(assignment_rules="on")),
        (plan(api="bulk2"), Options(assignment_rules="01Qxx0000000001EAA")),
        (plan(10, 200, "rest", Action.DELETE), Options(hard_delete=True)),
    ],
)
def test_an_option_that_the_api_does_not_have_is_said_to_have_no_effect(given: PlanSummary, options: Options) -> None:
    warned = [each for each in check(given, options) if each.level is Level.WARNING]
    assert len(warned) == 1
    assert "no effect" in warned[0].message


def test_the_permission_that_a_hard_delete_needs_is_said() -> None:
    found = check(plan(10, 200, "bulk2", Action.DELETE), Options(hard_delete=True))
    assert any("Bulk API Hard Delete" in each.advice for each in found)


def check_query_jobs(api: str, reply: Answer, **flags: bool) -> tuple[list[Finding], int]:
    """Return the findings that are not about limits, and how many query jobs were asked for."""
    transport = plain()
    add_objects(transport, described_object("Contact", **flags))
    transport.on("GET", ".*/limits", answer({}))
    transport.on("POST", ".*/jobs/query", reply)
    found = check_plan(org(transport), plan(api=api), Options())
    return [each for each in found if "API calls" not in each.message and "batches" not in each.message], len(
        transport.find_requests("POST", "jobs/query")
    )


def test_an_object_that_bulk_does_not_take_is_said_before_the_run() -> None:
    said = [{"errorCode": "INVALIDENTITY", "message": "Entity 'Contact' is not supported by the Bulk API."}]
    for api in ("bulk", "bulk2"):
        ((stop,), calls) = check_query_jobs(api, answer(said, 400), triggerable=False)
        assert (stop.level, calls, "api: rest" in stop.advice) == (Level.STOP, 1, True)
    assert check_query_jobs("bulk", answer({"id": "750"}), triggerable=False) == ([], 1)
    ((warning,), _) = check_query_jobs("bulk", answer("", 503), triggerable=False)
    assert (warning.level, "could not check" in warning.message) == (Level.WARNING, True)


@pytest.mark.parametrize(
    ("api", "flags"), [("bulk", {}), ("bulk", {"triggerable": False, "custom": True}), ("rest", {"triggerable": False})]
)
def test_no_call_asks_for_what_is_known(api: str, flags: dict[str, bool]) -> None:
    assert check_query_jobs(api, answer("", 500), **flags) == ([], 0)


@pytest.mark.parametrize(("token", "refused"), [("eyJh.eyJz.c2ln_-", True), ("00Dxx0000001gPL!AQ.x.y", False)])
def test_records_are_merged_only_with_a_token_that_soap_takes(token: str, refused: bool) -> None:
    transport = plain()
    add_objects(transport, described_object("Contact"))
    transport.on("GET", ".*/limits", answer({}))
    login = evolve(org(transport).client.login, token=token)
    opened = org(transport, lambda: login)
    given = [plan(2, action=Action.MERGE), plan(2)]
    told = [["JWT" in each.message for each in stops(check_plan(opened, each, Options()))] for each in given]
    assert told == [[True] if refused else [], []]


def test_a_batch_of_merges_is_one_call_and_no_bulk_batch() -> None:
    given = evolve(plan(1_000), planned={Action.UPSERT: 1_000, Action.MERGE: 400},
                   batches={Action.UPSERT: 1, Action.MERGE: 2})  # fmt: skip
    assert forecast(given) == 4 + 2
    assert "1 Bulk API batch of" in check(given)[1].message


def test_one_row_needs_and_no_row_says_nothing_of_its_needs() -> None:
    calls, batches = check(plan(1))
    assert calls.message.startswith("1 row needs about 4 API calls")
    assert batches.message.startswith("1 Bulk API batch of")
    assert check(plan(1, api="rest"))[0].message.startswith("1 row needs about 1 API call,")
    none = [each.message for each in check(evolve(plan(1), planned={}, batches={}))]
    assert [each for each in none if "API calls" in each or "batches" in each] == []


def test_who_merges_records_may_delete_them() -> None:
    (stop,) = stops(check(plan(2, action=Action.MERGE), deletable=False))
    assert "Delete on Contact" in stop.advice
