"""What Salesforce answers, and what becomes of events whose answer is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from attrs import evolve

from .projects import EVENT, Project, orders

COLLECTIONS = {"method": "POST", "path": "*/composite/sobjects"}
UNAVAILABLE = {"code": "PLATFORM_EVENT_PUBLISHING_UNAVAILABLE", "message": "The event bus is not available"}


def test_an_event_that_was_queued_has_its_uuid_in_the_ledger_and_is_called_queued(project: Project) -> None:
    project.model(orders(3))
    run = project.run()
    lines = {each["key"]: each for each in project.lines(run)}
    uuids = {each["payload"]["Order_Number__c"]: each["eventUuid"] for each in project.emulated.events(EVENT)}
    assert {key: line["record_id"] for key, line in lines.items()} == uuids
    assert all(re.fullmatch(r"[0-9a-f-]{36}", each) for each in uuids.values())
    assert {(line["outcome"], line["message"]) for line in lines.values()} == {("succeeded", "queued")}


def test_a_plan_says_that_accepted_means_queued(project: Project) -> None:
    project.model(orders(1))
    assert any("does not report whether subscribers received it" in each for each in project.plan().findings)


def test_a_standard_volume_event_succeeds_without_a_uuid(project: Project) -> None:
    project.sync(object="Legacy_Signal__e", fields={"Code__c": "id"})
    project.model(orders(2))
    run = project.run()
    assert [(each["outcome"], each["record_id"]) for each in project.lines(run)] == [("succeeded", None)] * 2
    assert project.read_published("Legacy_Signal__e") == ["o0000", "o0001"]


def test_two_hundred_events_go_in_a_call_in_the_order_of_the_model(project: Project) -> None:
    rows = orders(450)
    rows.reverse()
    project.model(rows)
    assert project.run().rows["succeeded"] == 450
    assert project.read_published() == [each["id"] for each in rows]
    assert project.calls("/composite/sobjects") == 3


def test_a_session_that_ended_before_publishing_is_renewed_and_each_event_is_there_once(project: Project) -> None:
    project.emulated.faults({"match": COLLECTIONS, "do": {"expire": True}, "times": 1})
    project.model(orders(3))
    assert project.run().rows["succeeded"] == 3
    assert project.read_published() == ["o0000", "o0001", "o0002"]


def test_events_that_the_bus_could_not_take_are_published_again_and_no_others(project: Project) -> None:
    keys = ["o0001", "o0003"]
    project.emulated.faults(
        {"match": {"object": EVENT, "key": keys}, "do": {"error": UNAVAILABLE}, "times_per_key": 1}
    )  # fmt: skip
    project.model(orders(5))
    run = project.run()
    assert run.rows["succeeded"] == 5
    assert sorted(project.read_published()) == [each["id"] for each in orders(5)]


def test_what_salesforce_refuses_for_one_event_is_that_ones_alone(project: Project) -> None:
    error = {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Not today", "fields": ["Status__c"]}
    project.emulated.faults({"match": {"object": EVENT, "key": "o0001"}, "do": {"error": error}})
    project.model(orders(3))
    run = project.run()
    assert run.rows == {"read": 3, "planned": 3, "succeeded": 2, "rejected": 1}
    line = next(each for each in project.lines(run) if each["key"] == "o0001")
    assert (line["code"], line["message"]) == (error["code"], error["message"])


def test_an_event_above_a_megabyte_is_rejected_before_it_is_sent(project: Project) -> None:
    fields = {f"Part_{number}__c": {"type": "textarea", "length": 131072} for number in range(9)}
    project.emulated.change({"objects": {EVENT: {"fields": fields}}})
    project.sync(fields={"Order_Number__c": "id", **dict.fromkeys(fields, "text")})
    project.model([{"id": "large", "text": "x" * 125_000}, {"id": "small", "text": "x"}])
    run = project.run()
    line = next(each for each in project.lines(run) if each["key"] == "large")
    assert (line["outcome"], line["code"]) == ("rejected", "EVENT_TOO_LARGE")
    assert "1,1" in line["message"]
    assert project.read_published() == ["small"]


@pytest.mark.parametrize("cut", ["before", "during", "after"])
def test_events_whose_answer_was_lost_are_held_and_not_published_again(project: Project, cut: str) -> None:
    project.emulated.faults({"match": COLLECTIONS, "do": {"cut": cut}, "times": 1})
    project.sync(options={"batch_size": 2})
    project.model(orders(4))
    run = project.run()
    assert (run.exit, run.rows) == (3, {"read": 4, "planned": 4, "succeeded": 2, "unknown": 2})
    published = project.read_published()
    assert published == (["o0002", "o0003"] if cut == "before" else [each["id"] for each in orders(4)])
    assert project.run().rows["skipped"] == 2
    assert project.read_published() == published
    held = project.invoke("resolve", run.report["run"])
    assert "subscribers" in held.stdout


@pytest.mark.rule("T3")
@pytest.mark.parametrize("api", ["rest", "composite"])
def test_events_that_were_published_again_are_named_as_possible_duplicates(project: Project, api: str) -> None:
    path = {"rest": "*/composite/sobjects", "composite": "*/composite"}[api]
    project.emulated.faults({"match": {"method": "POST", "path": path}, "do": {"cut": "after"}, "times": 1})
    project.sync(options={"api": api, "batch_size": 25, "delivery": "at_least_once"})
    project.model(orders(75))
    run = project.run()
    assert (run.exit, run.rows, len(project.read_published())) == (0, {"read": 75, "planned": 75, "succeeded": 75}, 100)
    assert (run.report["possible_duplicates"], run.report["held"]) == (25, 0)
    lines = project.lines(run)
    assert [(each["attempts"], each["possible_duplicate"]) for each in lines] == [(2, True)] * 25 + [(1, False)] * 50
    assert "25 rows sent again after a lost answer" in project.invoke("show", run.report["run"]).stdout
    assert (project.run().exit, len(project.read_published())) == (0, 100)


@pytest.mark.parametrize("cut", ["before", "after"])
def test_events_whose_answer_was_lost_are_published_again_where_the_sync_says_so(project: Project, cut: str) -> None:
    project.emulated.faults({"match": COLLECTIONS, "do": {"cut": cut}, "times": 1})
    project.sync(options={"batch_size": 2, "delivery": "at_least_once"})
    project.model(orders(4))
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 4)
    twice = ["o0000", "o0001"] if cut == "after" else []
    assert sorted(project.read_published()) == sorted([*twice, *(each["id"] for each in orders(4))])


def test_where_collections_refuse_events_single_calls_of_a_composite_one_publish_them(project: Project) -> None:
    refusal = {"code": "INVALID_TYPE", "message": "sObject type 'Order_Update__e' is not supported."}
    project.emulated.faults({"match": COLLECTIONS, "do": {"error": refusal}})
    project.sync(options={"batch_size": 60})
    project.model([*orders(99), {"id": "o9999", "status": "x"}])
    run = project.run()
    assert run.rows["succeeded"] == 100
    assert project.read_published() == [*(each["id"] for each in orders(99)), "o9999"]
    assert (project.calls("/composite/sobjects"), project.calls("/composite")) == (1, 5)
    assert all(each["record_id"] for each in project.lines(run))


def test_a_version_without_collections_publishes_by_composite_calls(project: Project) -> None:
    missing = {"code": "NOT_FOUND", "message": "The requested resource does not exist"}
    project.emulated.faults({"match": COLLECTIONS, "do": {"error": missing, "status": 404}})
    old = evolve(project, api_version="41.0")
    old.sync()
    old.model(orders(30))
    assert old.run().rows["succeeded"] == 30
    assert old.read_published() == [each["id"] for each in orders(30)]
    assert {call for call in project.emulated.writing_calls() if "composite" in call} == {
        "POST /services/data/v41.0/composite/sobjects"
    }


def test_composite_calls_can_be_asked_for_and_tell_refused_events_apart(project: Project) -> None:
    project.emulated.faults({"match": {"object": EVENT, "key": "o0001"}, "do": {"error": UNAVAILABLE}, "times": 1})
    project.sync(options={"api": "composite"})
    project.model(orders(30))
    assert project.run().rows["succeeded"] == 30
    assert sorted(project.read_published()) == [each["id"] for each in orders(30)]
    assert project.calls("/composite/sobjects") == 0


def test_the_bulk_api_2_publishes_each_event_once_and_tells_no_uuid(project: Project) -> None:
    project.emulated.faults(
        {"match": {"method": "PATCH", "path": "*/jobs/ingest/*"}, "do": {"cut": "after"}, "times": 1}
    )  # fmt: skip
    project.sync(options={"api": "bulk2", "batch_size": 4})
    rows: list[dict[str, Any]] = [*orders(9), {"id": "o9", "status": None}]
    project.model(rows)
    assert any("tells no ids" in each for each in project.plan().findings)
    run = project.run()
    assert run.rows["succeeded"] == 10
    assert sorted(project.read_published()) == sorted(each["id"] for each in rows)
    assert {(each["record_id"], each["message"]) for each in project.lines(run)} == {(None, "queued")}


def test_a_row_that_the_bulk_api_2_refuses_is_paired_with_its_error(project: Project) -> None:
    error = {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Not today"}
    project.emulated.faults({"match": {"object": EVENT, "key": "o0001"}, "do": {"error": error}})
    project.sync(options={"api": "bulk2"})
    project.model(orders(3))
    run = project.run()
    assert {each["key"]: each["code"] for each in project.lines(run)} == {
        "o0000": None, "o0001": error["code"], "o0002": None,
    }  # fmt: skip


def test_the_plan_recommends_a_field_by_which_subscribers_find_what_comes_twice(project: Project) -> None:
    project.model(orders(1))
    assert not any("primary key" in each for each in project.plan().findings)
    project.sync(fields={"Order_Number__c": "status"})
    assert any("no field of the event holds the primary key" in each for each in project.plan().findings)


def test_order_needs_one_call_at_a_time(project: Project) -> None:
    project.sync(options={"ordered": True, "parallelism": 4, "api": "bulk2"})
    project.model(orders(1))
    plan = project.plan()
    assert (plan.exit, project.invoke("check").exit_code) == (64, 64)
    assert "syncs.orders.options.parallelism" in plan.said
    assert "syncs.orders.options.api" in plan.said
    project.sync(options={"ordered": True})
    assert project.plan().exit == 0


def test_events_that_are_published_again_keep_their_place_before_those_that_follow(project: Project) -> None:
    project.emulated.faults(
        {"match": {"object": EVENT, "key": ["o0000", "o0001"]}, "do": {"error": UNAVAILABLE}, "times_per_key": 1}
    )  # fmt: skip
    project.sync(options={"ordered": True, "batch_size": 2})
    project.model(orders(6))
    assert project.run().rows["succeeded"] == 6
    assert project.read_published() == [each["id"] for each in orders(6)]
