"""Every code that a row or a batch can meet, sent once by the org, stands in the ledger with its advice and kind."""

from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce.errors.codes import CONTENT_RULES, table

from connector_sdk import Kind

from .projects import Project

APIS = ["bulk", "bulk2", "rest"]
OTHER_MEANING = {each.code for each in CONTENT_RULES}
GIVEN_BY_THIS_PLUGIN = {each.name for each in CONTENT_RULES}

REJECTED = [code for code, each in table().items() if each.kind is Kind.REJECTED and code.isupper()
            and code not in GIVEN_BY_THIS_PLUGIN]  # fmt: skip
PASSING = [code for code, each in table().items() if each.kind in (Kind.TRANSIENT, Kind.THROTTLED) and code.isupper()
           and not code.startswith("ERROR_HTTP")]  # fmt: skip
BATCHES = {
    "ExceededQuota": "ApiBatchItems Limit exceeded.",
    "FeatureNotEnabled": "hardDelete operation requires special user profile permission",
    "InvalidEntity": "Entity 'Contact' is not supported by the Bulk API.",
    "InvalidUser": "no permission",
}


def inject_codes(project: Project, codes: list[str], **more: Any) -> dict[str, Any]:
    """Run with rows that each meet another code, once, and return the ledger."""
    project.emulated.faults(*(
        {"match": {"object": "Contact", "key": f"{code}."}, "do": {"error": {"code": code, "message": "words"}},
         "times": 1} for code in codes
    ))  # fmt: skip
    project.model([{"id": f"{code}.", "last": "Ash"} for code in codes])
    run = project.run(*more.get("arguments", ()))
    return project.ledger(run)


@pytest.mark.parametrize("api", APIS)
def test_a_row_that_is_rejected_has_its_code_and_an_advice(project: Project, api: str) -> None:
    assert len(REJECTED) > 70
    project.sync(fields={"LastName": "last"}, options={"api": api})
    again = {"DUPLICATE_VALUE"}
    for code, line in ((line["key"].removesuffix("."), line) for line in inject_codes(project, REJECTED).values()):
        if code in again:
            assert (line["outcome"], line["attempts"]) == ("succeeded", 2), "a lost race on a new key"
            continue
        assert (line["outcome"], line["code"]) == ("rejected", code)
        assert line["advice"] == table()[code].advice
        assert (line["message"], line["attempts"]) == ("words", 1)


@pytest.mark.parametrize("api", APIS)
def test_a_row_whose_trouble_passes_is_sent_again(project: Project, api: str) -> None:
    assert len(PASSING) > 20
    project.sync(fields={"LastName": "last"}, options={"api": api})
    for key, line in inject_codes(project, PASSING).items():
        assert (line["outcome"], line["attempts"]) == ("succeeded", 2), (key, line)


@pytest.mark.parametrize("code", BATCHES)
@pytest.mark.parametrize("api", ["bulk", "bulk2"])
def test_a_job_that_is_refused_stops_the_run_with_the_advice(project: Project, api: str, code: str) -> None:
    path = "/services/async/*/job" if api == "bulk" else "/services/data/*/jobs/ingest"
    said = {"code": code if api == "bulk" else code.upper(), "message": BATCHES[code]}
    project.emulated.faults({"match": {"method": "POST", "path": path}, "do": {"error": said}})
    project.sync(fields={"LastName": "last"}, options={"api": api})
    project.model([{"id": "k1", "last": "Ash"}])
    run = project.run()
    assert run.exit == 4, run.said
    told = " ".join(run.said.split())
    assert code in told
    assert table()[code].advice in told
    assert project.emulated.records("Contact") == []
    project.emulated.faults()
    assert project.run().went_on["rows"]["succeeded"] == 1


def test_a_batch_beyond_the_last_one_of_the_day_stops_the_run_with_the_advice(project: Project) -> None:
    said = {"code": "ExceededQuota", "message": BATCHES["ExceededQuota"]}
    posts = {"method": "POST", "path": "/services/async/*/job/*/batch"}
    project.emulated.faults({"match": posts, "do": {"error": said}, "times": 1})
    project.sync(fields={"LastName": "last"})
    project.model([{"id": "k1", "last": "Ash"}])
    run = project.run()
    assert (run.exit, run.rows["unprocessed"]) == (4, 1), run.said
    told = " ".join(run.said.split())
    assert f"ExceededQuota: {said['message']}" in told
    assert table()["ExceededQuota"].advice in told
    assert project.emulated.records("Contact") == []
    assert project.run().went_on["rows"]["succeeded"] == 1


def test_an_app_that_is_blocked_is_told_with_its_code_and_the_advice(project: Project) -> None:
    project.emulated.change({"application": {"blocked": True}})
    project.model([{"id": "k1", "last": "Ash", "email": None}])
    run = project.run()
    assert run.exit == 69, run.said
    told = " ".join(run.said.split())
    assert "cannot log in to Salesforce: OAUTH_APP_BLOCKED: this app is blocked by admin" in told
    assert table()["OAUTH_APP_BLOCKED"].advice in told
    assert project.emulated.writing_calls() == []


@pytest.mark.parametrize("api", APIS)
def test_a_row_that_is_always_one_too_many_for_apex_is_rejected_with_its_code_and_an_advice(
    project: Project, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    monkeypatch.setattr("connector_sdk.delivery.retry.Pace.backoff", lambda pace, number: 0.01)
    code = "TOO_MANY_APEX_REQUESTS"
    error = {"code": code, "message": "Unable to Process Request. Concurrent requests limit exceeded."}
    project.sync(fields={"LastName": "last"}, options={"api": api})
    project.emulated.faults({"match": {"object": "Contact", "key": "k1"}, "do": {"error": error}})
    project.model([{"id": "k1", "last": "Ash"}, {"id": "k2", "last": "Ash"}])
    run = project.run()
    line = project.ledger(run)["k1"]
    assert (run.exit, run.rows["succeeded"], line["outcome"], line["attempts"]) == (1, 1, "rejected", 4)
    assert (line["code"], line["message"], line["advice"]) == (code, error["message"], table()[code].advice)


@pytest.mark.parametrize("text", ["UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record",
                                  "System.LimitException: Apex CPU time limit exceeded"])  # fmt: skip
@pytest.mark.parametrize("api", APIS)
def test_a_lock_or_a_limit_within_a_trigger_is_met_by_another_attempt(project: Project, api: str, text: str) -> None:
    code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    error = {"code": code, "message": f"Trigger: execution of AfterInsert caused by: {text}"}
    project.sync(fields={"LastName": "last"}, options={"api": api})
    project.emulated.faults({"match": {"object": "Contact", "key": "k1"}, "do": {"error": error}, "times": 1})
    project.model([{"id": "k1", "last": "Ash"}])
    line = project.ledger(project.run())["k1"]
    assert (line["outcome"], line["attempts"]) == ("succeeded", 2)
