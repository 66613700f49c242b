"""Everything that real orgs answered, as far as this plugin makes the call, goes through its parsers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from connector_salesforce.auth.auth import log_in_with
from connector_salesforce.config import Config
from connector_salesforce.errors.codes import table
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import ClientCredentials
from connector_salesforce.org.describe import discover_schema, list_objects
from connector_salesforce.org.org import Org
from connector_salesforce.transport.credentials import Login
from connector_salesforce.transport.error_bodies import fault
from connector_salesforce.transport.quota import calls_left
from connector_salesforce.transport.sending import Answer
from connector_salesforce.transport.xml import parse
from connector_salesforce.write import rest
from connector_salesforce.write.bulk_jobs import Job, Jobs
from connector_salesforce.write.bulk_results import ResultsError, parse_results
from connector_salesforce.write.job_kind import JobKind

from connector_sdk import Action, Executed, Mode, Secret
from connector_sdk.testing.conformance.describing import _unmatchable, _wrong
from connector_sdk.testing.doubles import RecordingHost

from .recorded import Exchange, exchanges
from .scripted import ScriptedTransport, answer, org


@pytest.fixture(scope="module")
def recorded(recordings: Path) -> list[Exchange]:
    return list(exchanges(recordings))


def choose_answers(recorded: list[Exchange], method: str, path: str, *, at_least: int) -> list[Exchange]:
    """Return the good answers to a call; check that there are some, or the test would test nothing."""
    found = [each for each in recorded if each.method == method and re.search(path, each.path) and each.status < 300]
    assert len(found) >= at_least
    return found


def test_every_error_is_understood(recorded: list[Exchange]) -> None:
    failed = [each for each in recorded if each.status >= 400]
    assert len(failed) > 15
    for each in failed:
        read = fault(each.status, each.headers, each.body)
        said = json.loads(each.body) if each.body.startswith(b"[") else None
        if said and "errorCode" in said[0]:
            assert said[0]["message"] in read.message
            assert read.code in table() or read.code == said[0]["errorCode"], each.source
            assert read.executed is (Executed.NO if each.status in (400, 404) else Executed.MAYBE)


def test_every_answer_of_collections_is_understood(recorded: list[Exchange]) -> None:
    asked = {"POST": Action.CREATE, "PATCH": Action.UPDATE, "DELETE": Action.DELETE}
    seen = 0
    for method, action in asked.items():
        for each in choose_answers(recorded, method, r"/composite/sobjects", at_least=5):
            answers = json.loads(each.body)
            upsert = re.search(r"/composite/sobjects/\w+/\w+", each.path)
            lines = rest.results(answers, len(answers), Action.UPSERT if upsert else action).rows.to_pylist()
            for said, line in zip(answers, lines, strict=True):
                assert (line["status"] == "succeeded") is said["success"]
                assert line["record_id"] == said.get("id")
                assert said["success"] or line["code"]
                assert not upsert or not said["success"] or line["created"] is said["created"]
                seen += 1
    assert seen > 140


def test_every_page_of_a_query_is_understood(recorded: list[Exchange]) -> None:
    for each in choose_answers(recorded, "GET", r"/services/data/[^/]+/query", at_least=150):
        page = json.loads(each.body)
        transport = ScriptedTransport()
        if isinstance(page, list):
            transport.on("GET", ".*", answer(each.body))
            with pytest.raises(CallFailed, match="ANSWER_UNREADABLE"):
                list(org(transport).query("SELECT Id FROM Account"))
            continue
        transport.on("GET", r".*/query\?.*", answer({**page, "done": True, "totalSize": len(page["records"])}))
        assert list(org(transport).query("SELECT Id FROM Account")) == page["records"]
        if not page["done"]:
            transport.on("GET", re.escape(page["nextRecordsUrl"]), answer({"records": [], "done": True}))
            transport.on("GET", r".*/query\?.*", answer(page))
            assert len(list(org(transport).query("SELECT Id FROM Account"))) == len(page["records"])


def test_every_answer_of_composite_is_understood(recorded: list[Exchange]) -> None:
    for each in choose_answers(recorded, "POST", r"/services/data/[^/]+/composite/?$", at_least=3):
        said = json.loads(each.body)["compositeResponse"]
        transport = ScriptedTransport()
        transport.on("POST", ".*/composite", answer(each.body))
        asked = {one["referenceId"]: "/query" for one in said}
        if all(one["httpStatusCode"] < 300 for one in said):
            found = org(transport).client.composite(asked)
            assert found == {one["referenceId"]: one["body"] for one in said}
        else:
            with pytest.raises(CallFailed):
                org(transport).client.composite(asked)


def test_the_list_of_all_objects_is_understood(recorded: list[Exchange]) -> None:
    (each,) = choose_answers(recorded, "GET", r"/sobjects$", at_least=1)
    found = {info.name: info.modes for info in list_objects(serve_objects(json.loads(each.body)["sobjects"]))}
    assert found["Account"] == {Mode.INSERT, Mode.UPDATE, Mode.UPSERT, Mode.ARCHIVE}
    assert not any(name.endswith(("__e", "ChangeEvent", "History")) for name in found)
    assert len(found) > 70


def serve_objects(objects: list[dict[str, Any]], *described: dict[str, Any]) -> Org:
    transport = ScriptedTransport()
    transport.on("GET", ".*/sobjects", answer({"sobjects": objects}))
    for each in described:
        transport.on("GET", f".*/sobjects/{each['name']}/describe", answer(each))
    return org(transport)


def descriptions(recorded: list[Exchange], folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in choose_answers(recorded, "GET", r"/describe$", at_least=15):
        yield each.source, json.loads(each.body)
    files = (
        *(folder / "grouparoo+grouparoo" / "describes").glob("*.json"),
        folder / "elasticio+salesforce-component-v2/spec/testData/objectDescription.json",
        folder / "elasticio+salesforce-component-v2/spec/testData/sfAccountMetadata.json",
        folder / "restforce+restforce/spec/fixtures/sobject/sobject_describe_success_response.json",
    )
    for file in files:
        yield file.name, json.loads(file.read_text())


def test_every_description_of_an_object_is_understood(recorded: list[Exchange], recordings: Path) -> None:
    for source, described in descriptions(recorded, recordings):
        if "fields" not in described or "createable" not in described:
            continue
        schema = discover_schema(serve_objects([described], described), described["name"], False)
        assert len(schema.fields) == len(described["fields"]), source
        assert [what for each in schema.fields for what in _wrong(schema, each)] == [], source
        assert _unmatchable(schema) == [], source
        writable = [each.name for each in schema.fields if not each.not_writable.keys() & {Mode.INSERT}]
        assert writable == [each["name"] for each in described["fields"] if each["createable"]], source


def test_required_fields_are_those_that_the_reference_names(recorded: list[Exchange]) -> None:
    required = {}
    for each in choose_answers(recorded, "GET", r"/sobjects/(Contact|Opportunity|Lead|Case)/describe$", at_least=4):
        described = json.loads(each.body)
        schema = discover_schema(serve_objects([described], described), described["name"], False)
        required[schema.name] = {field.name for field in schema.fields if field.required}
    assert required["Contact"] == {"LastName"}
    assert required["Lead"] == {"LastName"}, "an org with person accounts has leads without a company"
    assert required["Opportunity"] == {"Name", "StageName", "CloseDate"}
    assert required["Case"] == set()


def test_every_answer_about_jobs_and_batches_is_understood(recorded: list[Exchange]) -> None:
    for each in choose_answers(recorded, "POST", r"/services/async/[^/]+/job$", at_least=4):
        transport = ScriptedTransport()
        transport.on("POST", ".*/job", answer(each.body, 201))
        assert re.fullmatch(
            "750[a-zA-Z0-9]{15}", org(transport).share(Jobs).lease(JobKind("run", "Contact", "upsert")).id
        )
    for posted in choose_answers(recorded, "POST", r"/job/\w+/batch$", at_least=3):
        transport = ScriptedTransport()
        transport.on("POST", ".*/batch", answer(posted.body, 201))
        assert re.fullmatch("751[a-zA-Z0-9]{15}", org(transport).share(Jobs).post(_job_of(posted.body), b"x"))
    for each in choose_answers(recorded, "GET", r"/job/\w+/batch$", at_least=4):
        transport = ScriptedTransport()
        transport.on("GET", ".*/batch", answer(each.body))
        for state in org(transport).share(Jobs).batches(_job_of(each.body).id, 0.0).values():
            assert state.state in ("Queued", "InProgress", "Completed", "Failed", "NotProcessed")


def test_every_result_of_a_batch_is_understood(recorded: list[Exchange]) -> None:
    read = 0
    for each in choose_answers(recorded, "GET", r"/batch/\w+/result$", at_least=3):
        try:
            lines = parse_results(each.body).rows.to_pylist()
        except ResultsError:
            assert each.body.startswith(b"<"), "only the list of results of a query is no table of rows"
            continue
        truth = list(csv.DictReader(io.StringIO(each.body.decode(), newline="")))
        assert [line["status"] == "succeeded" for line in lines] == [line["Success"] == "true" for line in truth]
        assert [line["record_id"] or "" for line in lines] == [line["Id"] for line in truth]
        read += len(lines)
    assert read > 10


def test_bulk_answers_kept_by_other_projects_are_understood(recordings: Path) -> None:
    data = json.loads((recordings / "elasticio+salesforce-component-v2/spec/testData/bulk_cud.json").read_text())
    found = 0
    for case in data.values():
        for paths in case["responses"].values():
            for path, said in paths.items():
                if not path.startswith("/services/async") or not isinstance(said["response"], str):
                    continue
                found += _is_readable(path, said["method"], said["response"].encode())
    assert found > 10
    for file in (recordings / "wso2-extensions+esb-connector-salesforcebulk/docs-samples").glob("*.xml"):
        parse(file.read_bytes())


def _is_readable(path: str, method: str, body: bytes) -> bool:
    transport = ScriptedTransport()
    transport.on(method, ".*", answer(body))
    jobs = org(transport).share(Jobs)
    if path.endswith("/job"):
        return jobs.lease(JobKind("run", "Case", "insert")).id.startswith("750")
    if path.endswith("/result"):
        return bool(parse_results(body).rows.num_rows)
    if path.endswith("/batch") and method == "POST":
        return jobs.post(_job_of(body), b"x").startswith("751")
    parse(body)
    return True


def _job_of(body: bytes) -> Job:
    """Return the job that an answer about batches names."""
    named = re.search(rb"<jobId>(\w+)", body)
    return Job(named[1].decode() if named else "750", JobKind("run", "Case", "insert"))


def test_the_error_texts_of_bulk_rows_are_taken_apart(recordings: Path) -> None:
    for name in ("providers/salesforce/test/bulk/info/partial-failure.csv",
                 "test/salesforce/bulk/write/opportunities-partial-failure.csv"):  # fmt: skip
        text = (recordings / "amp-labs+connectors" / name).read_text()
        errors = [line["sf__Error"] for line in csv.DictReader(io.StringIO(text)) if line.get("sf__Error")]
        file = io.StringIO()
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([["Id", "Success", "Created", "Error"], *(["", "false", "false", each] for each in errors)])
        for line, said in zip(parse_results(file.getvalue().encode()).rows.to_pylist(), errors, strict=True):
            assert line["code"] in table()
            assert line["fields"] is None or line["fields"] in said


def test_collections_answers_kept_by_other_projects_are_understood(recordings: Path) -> None:
    folder = recordings / "amp-labs+connectors/providers/salesforce/test/batch"
    files = [each for each in folder.rglob("*.json") if each.stem not in ("payload", "err-bad-request")]
    assert len(files) > 3
    for file in files:
        answers = json.loads(file.read_text())
        lines = rest.results(answers, len(answers), Action.CREATE).rows.to_pylist()
        assert [line["status"] == "succeeded" for line in lines] == [each["success"] for each in answers]
    refused = (folder / "create/contacts/err-bad-request.json").read_bytes()
    assert fault(400, {}, refused).code == "REQUIRED_FIELD_MISSING"


def test_every_token_answer_is_understood(recorded: list[Exchange], recordings: Path) -> None:
    bodies = [each.body for each in choose_answers(recorded, "POST", r"/oauth2/token$", at_least=5)]
    fixtures = recordings / "restforce+restforce/spec/fixtures"
    bodies += [(fixtures / f"{name}_success_response.json").read_bytes() for name in ("auth", "refresh")]
    for body in bodies:
        said = json.loads(body.replace(b"<host>", b"na1.salesforce.com"))
        if said["id"].endswith(("/xxxx/xxxx", "/foo/bar")):  # masked where it was recorded
            with pytest.raises(CallFailed, match="names no org"):
                _log_in(answer(said))
            continue
        login = _log_in(answer(said))
        assert (login.token, login.instance) == (said["access_token"], said["instance_url"])
        assert login.org_id[:15] in said["id"] or login.org_id in said["id"]
    refused = answer((fixtures / "refresh_error_response.json").read_bytes(), 400)
    with pytest.raises(CallFailed, match="invalid_grant_expired: expired access/refresh token"):
        _log_in(refused)


def _log_in(reply: Answer) -> Login:
    transport = ScriptedTransport()
    transport.on("POST", ".*", reply)
    auth = ClientCredentials("client_credentials", "id", Secret("secret"))
    config = Config("https://acme.my.salesforce.com", auth=auth)
    return log_in_with(config, transport, RecordingHost())()  # type: ignore[arg-type]


def test_the_calls_that_are_left_are_read_from_every_answer_that_says_so(recorded: list[Exchange]) -> None:
    told = [each.headers for each in recorded if any(name.lower() == "sforce-limit-info" for name in each.headers)]
    assert len(told) > 100
    for headers in told:
        left = calls_left(headers)
        assert left is not None
        assert left > 0
