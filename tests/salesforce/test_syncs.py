"""Real syncs against the emulated org, as a sceptical admin would try them."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from .projects import Project

APIS = ["bulk", "bulk2", "rest"]


def contact(key: str, last: str | None = "Ash", **more: Any) -> dict[str, Any]:
    return {"id": key, "last": last, "email": f"{key}@acme.example", **more}


def read_records(
    project: Project, object_name: str = "Contact", key: str = "External_Id__c"
) -> dict[str, dict[str, Any]]:
    return {each[key]: each for each in project.emulated.records(object_name)}


@pytest.mark.parametrize("api", APIS)
def test_only_what_changed_is_sent(project: Project, api: str) -> None:
    project.sync(options={"api": api})
    project.model([contact("k1"), contact("k2")])
    assert project.run().rows == {"read": 2, "planned": 2, "succeeded": 2}
    assert project.run().rows == {"read": 2, "unchanged": 2}
    project.model([contact("k1"), contact("k2", "Birch"), contact("k3")])
    run = project.run()
    assert (run.exit, run.rows) == (0, {"read": 3, "unchanged": 1, "planned": 2, "succeeded": 2})
    assert (run.report["actions"]["created"], run.report["actions"]["updated"]) == (1, 1)
    assert {key: each["LastName"] for key, each in read_records(project).items()} == {
        "k1": "Ash",
        "k2": "Birch",
        "k3": "Ash",
    }


STEPS = ["not marked External ID in Salesforce", "In Setup", "External ID and Unique ticked", "field-level security",
         "--refresh"]  # fmt: skip


@pytest.mark.parametrize(("field", "words"), [("Id", ["use mode update"]), ("Email", STEPS), ("Unique_Key__c", STEPS)])
def test_a_match_field_that_is_no_external_id_is_refused_with_the_steps(
    project: Project, field: str, words: list[str]
) -> None:
    project.model([contact("k1")])
    project.sync(match={"field": field, "column": "id"}, fields={"LastName": "last"})
    for command in ("check", "plan contacts", "run contacts"):
        said = project.invoke(*command.split())
        told = " ".join(said.stderr.split())
        assert said.exit_code == 64, told
        assert f"contacts.match.field: {field} cannot be matched on" in told
        assert [word for word in words if word not in told] == []
    assert project.emulated.writing_calls() == []
    assert project.emulated.records("Contact") == []


@pytest.mark.parametrize("api", APIS)
def test_a_null_clears_or_keeps_and_a_removed_row_is_cleared(project: Project, api: str) -> None:
    fields = {"LastName": "last", "Email": {"column": "email", "null": "keep"}, "Title": "title"}
    project.sync(fields=fields, options={"api": api}, on_removed="clear", guards={"max_removed": None})
    project.model([contact("k1", title="Dr"), contact("k2", title="Prof")])
    project.run()
    project.model([{**contact("k1", title=None), "email": None}])
    run = project.run()
    assert run.exit == 0, run.said
    records = read_records(project)
    assert (records["k1"]["Email"], records["k1"]["Title"]) == ("k1@acme.example", None)
    assert (records["k2"]["Title"], records["k2"]["LastName"]) == (None, "Ash")


def test_the_literal_that_bulk_cannot_say_is_rejected_with_the_advice(project: Project) -> None:
    project.model([contact("k1"), contact("k2", "#N/A")])
    run = project.run()
    assert (run.exit, run.rows["rejected"]) == (1, 1)
    row = project.ledger(run)["k2"]
    assert (row["code"], "api: rest" in row["advice"]) == ("LITERAL_NA", True)
    project.sync(options={"api": "rest"})
    assert project.run().rows["succeeded"] == 1
    assert read_records(project)["k2"]["LastName"] == "#N/A"


@pytest.mark.parametrize("api", APIS)
def test_a_reference_by_external_id_costs_no_lookup_and_one_that_is_not_found_says_so(
    project: Project, api: str
) -> None:
    project.sync(object="Account", fields={"Name": "last"})
    project.model([contact("a-1")])
    project.run()
    lookup = {"find": "Account", "where": "External_Id__c", "equals": "account"}
    project.sync(fields={"LastName": "last", "AccountId": lookup}, options={"api": api})
    project.model([contact("k1", account="a-1"), contact("k2", account="a-404"), contact("k3", account=None)])
    run = project.run("--start-over")
    assert run.rows == {"read": 3, "planned": 3, "succeeded": 2, "rejected": 1}, run.said
    row = project.ledger(run)["k2"]
    assert row["code"] == "REFERENCE_NOT_FOUND"
    assert "a-404" in row["message"]
    account = read_records(project, "Account")["a-1"]["Id"]
    assert {key: each["AccountId"] for key, each in read_records(project).items()} == {"k1": account, "k3": None}
    assert not [call for call in project.emulated.stats()["calls"] if call.endswith("/query") and "POST" in call]


def test_the_defaults_are_one_job_and_batches_of_a_thousand(project: Project) -> None:
    project.model([contact(f"k{n}") for n in range(2_500)])
    before = project.emulated.stats()["calls"]
    run = project.run()
    assert run.rows["succeeded"] == 2_500
    calls = {name: count - before.get(name, 0) for name, count in project.emulated.stats()["calls"].items()}
    made = {name.rpartition("66.0")[2] if "async" in name else "": count for name, count in calls.items()}
    posted = sum(count for name, count in calls.items() if name.startswith("POST") and name.endswith("/batch"))
    opened = sum(count for name, count in calls.items() if name.startswith("POST") and name.endswith("/job"))
    assert (opened, posted) == (1, 3), made
    assert sorted(Counter(line["batch"] for line in project.lines(run)).values()) == [500, 1_000, 1_000]


@pytest.mark.parametrize("api", APIS)
def test_only_the_rows_that_met_a_lock_are_sent_again(project: Project, api: str) -> None:
    project.sync(options={"api": api})
    project.emulated.faults(
        *({"match": {"object": "Contact", "key": f"k{n}"}, "do": {"error": {"code": "UNABLE_TO_LOCK_ROW"}}, "times": 1}
          for n in range(7))
    )  # fmt: skip
    project.model([contact(f"k{n}") for n in range(100)])
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 100), run.said
    attempted = project.emulated.stats()["attempted"]["Contact"]
    assert sorted(attempted.values()) == [1] * 93 + [2] * 7


@pytest.mark.parametrize("api", APIS)
def test_an_unknown_error_of_a_row_is_a_rejected_row_with_salesforces_words(project: Project, api: str) -> None:
    project.sync(options={"api": api})
    words = 'one: two, "three"\nfour:: five'
    error = {"code": "BRAND_NEW_CODE_2027", "message": words, "fields": ["LastName", "Email"]}
    project.emulated.faults({"match": {"object": "Contact", "key": "k1"}, "do": {"error": error}, "times": 1})
    project.model([contact("k1"), contact("k2")])
    run = project.run()
    row = project.ledger(run)["k1"]
    assert (run.exit, row["outcome"], row["code"]) == (1, "rejected", "BRAND_NEW_CODE_2027")
    assert row["message"] == words
    assert row["fields"] == "LastName,Email"
    assert row["attempts"] == 1


def test_an_insert_through_the_bulk_api_2_is_refused(project: Project) -> None:
    project.sync(mode="insert", match=None, options={"api": "bulk2"})
    project.model([contact("k1")])
    for command in ("check", "plan contacts", "run contacts"):
        said = project.invoke(*command.split())
        assert (said.exit_code, "bulk2" in said.stderr, "insert" in said.stderr) == (64, True, True), said.stderr
    assert not [call for call in project.emulated.stats()["calls"] if "jobs" in call or "async" in call]


@pytest.mark.parametrize("cut", ["before", "during", "after"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "GET"])
def test_a_lost_answer_about_a_job_of_the_bulk_api_2_costs_nothing(project: Project, method: str, cut: str) -> None:
    project.sync(options={"api": "bulk2", "batch_size": 20})
    call = {"method": method, "path": "/services/data/*/jobs/ingest*"}
    project.emulated.faults({"match": call, "do": {"cut": cut}, "times": 1})
    project.model([contact(f"k{n}") for n in range(40)])
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 40), run.said
    assert set(project.emulated.stats()["executed"]["Contact"].values()) == {1}


def test_a_job_of_the_bulk_api_2_costs_what_was_forecast(project: Project) -> None:
    project.sync(options={"api": "bulk2"})
    project.model([contact(f"k{n}") for n in range(1_200)])
    planned = json.loads(project.invoke("plan", "contacts", "--output", "json").stdout)
    assert any("about 4 API calls" in each["message"] for each in planned[0]["findings"])
    before = project.emulated.stats()["calls"]
    run = project.run()
    assert run.rows["succeeded"] == 1_200
    after = project.emulated.stats()["calls"]
    made = {name: count - before.get(name, 0) for name, count in after.items() if "/jobs/ingest" in name}
    assert sum(made.values()) - made.get("GET /services/data/v66.0/jobs/ingest/{id}", 0) == 4, made


@pytest.mark.parametrize("api", ["bulk", "rest"])
@pytest.mark.parametrize("cut", ["before", "during", "after"])
@pytest.mark.parametrize("mode", ["upsert", "insert"])
def test_a_lost_answer_doubles_nothing_and_loses_nothing_silently(
    project: Project, api: str, cut: str, mode: str
) -> None:
    project.sync(mode=mode, match=None if mode == "insert" else {"field": "External_Id__c", "column": "id"},
                 fields={"LastName": "last"} if mode == "upsert" else {"LastName": "last", "External_Id__c": "id"},
                 options={"api": api, "batch_size": 10})  # fmt: skip
    path = "/services/async/*/job/*/batch" if api == "bulk" else "/services/data/*/composite/sobjects*"
    project.emulated.faults({"match": {"path": path}, "do": {"cut": cut}, "times": 1})
    project.model([contact(f"k{n}") for n in range(40)])
    run = project.run("--first-run", "send")
    held = run.rows.get("unknown", 0)
    assert held == (10 if (api, mode) == ("rest", "insert") else 0), run.said
    assert run.exit == (3 if held else 0)
    assert run.rows["succeeded"] == 40 - held
    executed = project.emulated.stats()["executed"].get("Contact", {})
    repeated = {key: count for key, count in executed.items() if count > 1}
    assert not repeated or (api, mode) == ("rest", "upsert")


def test_a_session_that_dies_in_a_run_is_renewed_once(project: Project) -> None:
    project.sync(options={"batch_size": 10})
    ended = {"error": {"code": "InvalidSessionId", "message": "Invalid session id"}}
    posts = {"method": "POST", "path": "/services/async/*/job/*/batch"}
    project.emulated.faults({"match": posts, "do": ended, "times": 1})
    project.model([contact(f"k{n}") for n in range(100)])
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 100), run.said
    assert project.emulated.stats()["calls"]["POST /services/oauth2/token"] == 2
    assert set(project.emulated.stats()["executed"]["Contact"].values()) == {1}


@pytest.mark.parametrize("api", APIS)
def test_every_awkward_text_arrives_as_it_is(project: Project, api: str) -> None:
    project.sync(options={"api": api})
    texts = {f"k{n}": text for n, text in enumerate(['"\'",', "a\nb\r\nc", "\\", "=1+1", "żółć 😀", "{}[]", "x" * 80])}
    project.model([contact(key, text) for key, text in texts.items()])
    assert project.run().exit == 0
    assert {key: each["LastName"] for key, each in read_records(project).items()} == texts
