"""The recorded answers of both Bulk APIs beside the emulator's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import yaml
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import NAMESPACE, Client, elements
from tests.salesforce_emulator.recorded import CUMULUS, Comparison, Source

_OPPORTUNITY = {"external_id__c": {"type": "string", "length": 64, "externalId": True, "unique": True}}


def _compare(pairs: dict[str, tuple[Any, Any]]) -> list[str]:
    return [f"{name}: {ours!r}, not {theirs!r}" for name, (theirs, ours) in pairs.items() if theirs != ours]


def _names(document: str) -> list[str]:
    return [child.tag.removeprefix(NAMESPACE) for child in ElementTree.fromstring(document)]


def _after_ids(text: str) -> list[list[str]]:
    return [line.split(",")[1:] for line in text.splitlines()]


def _join_chunks(body: str) -> str:
    """Return the data of a recorded body in transfer coding `chunked`."""
    return "".join(re.findall(r"[0-9a-f]+\r\n(.*?)\r\n(?=[0-9a-f]+\r\n|\Z)", body, re.DOTALL))


def _fill_template(response: dict[str, Any], templates: Path) -> str:
    """Return the text of a recorded answer, which may be a template with values."""
    text = response["body"]["string"]
    if isinstance(text, str):
        return text
    template = (templates / text["include_template"]).read_text(encoding="utf-8")
    values = text["vars"]
    return re.sub(r"\{(\w+)(?::(\w*))?\}", lambda match: str(values.get(match[1], match[2])), template)


def bulk_load(recordings: Path) -> Iterator[Comparison]:
    """Compare a load through Bulk API 1.0, call by call."""
    name = "tasks/bulkdata/tests/cassettes/TestUpsert.test_upsert_complex_fields__bulk.yaml"
    templates = recordings / CUMULUS / "tests/shared_cassettes/vcr_string_templates"
    calls = yaml.safe_load((recordings / CUMULUS / name).read_text(encoding="utf-8"))["interactions"]
    ids: dict[str, str] = {}
    with Emulator() as emulator:
        client = Client(emulator)
        for call in calls:
            if "request" in call and "/services/async/" in call["request"]["uri"]:
                yield _compare_call(client, call, _fill_template(call["response"], templates), ids)
        client.close()


def _compare_call(client: Client, call: dict[str, Any], expected: str, ids: dict[str, str]) -> Comparison:
    asked, answered = call["request"], call["response"]
    path, body = urlsplit(asked["uri"]).path.partition("/job")[2], asked["body"] or ""
    is_data = path.endswith("/batch") and asked["method"] == "POST"
    body = _join_chunks(body) if is_data else body
    for theirs, ours in ids.items():
        path, body = path.replace(theirs, ours), body.replace(theirs, ours)
    if path.endswith("/result"):
        client.wait_for_batch(*path.removesuffix("/result").strip("/").split("/batch/"))
    content_type = "text/csv" if is_data else "application/xml"
    actual = client.bulk(asked["method"], path, body.encode(), Content_Type=content_type)
    pairs: dict[str, tuple[Any, Any]] = {
        "status": (answered["status"]["code"], actual.status_code),
        "type": (answered["headers"]["Content-Type"][0], actual.headers["Content-Type"]),
    }
    if expected.startswith("<?xml"):
        pairs["elements"] = (_names(expected), _names(actual.text))
        info = elements(actual)
        if "id" in info:
            ids[re.findall(r"<id>(\w+)</id>", expected)[0]] = info["id"]
    else:
        pairs["rows"] = (_after_ids(expected), _after_ids(actual.text))
        both = zip(expected.splitlines()[1:], actual.text.splitlines()[1:], strict=False)
        ids |= {one[1:19]: other[1:19] for one, other in both}
    return Comparison(f"{asked['method']} {path}", _compare(pairs))


def bulk_cases(recordings: Path) -> Iterator[Comparison]:
    """Compare inserts, updates and deletes of cases through Bulk API 1.0."""
    file = recordings / "elasticio+salesforce-component-v2/spec/testData/bulk_cud.json"
    cases = json.loads(file.read_text(encoding="utf-8"))
    with Emulator() as emulator:
        client = Client(emulator)
        for name, operation, theirs in (
            ("bulkInsertCase", "insert", ""),
            ("bulkUpdateCase", "update", "5002o00002E89BbAAJ"),
            ("bulkDeleteCase", "delete", "5002o00002BT0IUAA1"),
        ):
            [ours] = emulator.insert("Case", {"Subject": "x"})
            if operation == "update":
                emulator.delete("Case", ours)
            data = next(iter(cases[name]["responses"]["http://file.storage.server"].values()))["response"]
            answers = [call["response"] for call in cases[name]["responses"]["https://test.salesforce.com"].values()]
            yield _case(client, operation, data.replace(theirs or "-", ours if theirs else "-"), answers, theirs, ours)
        client.close()


def _case(client: Client, operation: str, data: str, answers: list[str], theirs: str, ours: str) -> Comparison:
    job = client.job(operation, "Case")
    batch = client.batch(job, data)
    pairs: dict[str, tuple[Any, Any]] = {
        "job": (_names(answers[0]), _names(client.bulk("GET", f"/{job}").text)),
        "batch": (_names(answers[1]), _names(client.bulk("GET", f"/{job}/batch/{batch}").text)),
    }
    client.wait_for_batch(job, batch)
    lines = client.bulk("GET", f"/{job}/batch/{batch}/result").text
    whole = (answers[-1].replace(theirs, ours).splitlines(), lines.splitlines())
    pairs["rows"] = whole if theirs else (_after_ids(answers[-1]), _after_ids(lines))
    return Comparison(f"{operation} of cases", _compare(pairs))


def bulk2_jobs(recordings: Path) -> Iterator[Comparison]:
    """Compare the answers to each step of a job of Bulk API 2.0, and a file of failed rows."""
    folder = recordings / "amp-labs+connectors"
    steps = folder / "providers/salesforce/test/bulk"
    data = (folder / "test/salesforce/bulk/write/opportunities-partial-failure.csv").read_bytes()
    org = {"extends": "default", "objects": {"Opportunity": {"fields": _OPPORTUNITY}}, "bulk": {"delay": 0.2}}

    def read(name: str) -> Any:
        return json.loads((steps / name).read_text(encoding="utf-8"))

    with Emulator(org) as emulator:
        client = Client(emulator)
        body = {"object": "Opportunity", "externalIdFieldName": "external_id__c", "operation": "upsert"}
        opened = client.rest("POST", "/jobs/ingest", {**body, "contentType": "CSV"}, version="60.0").json()
        yield _job("create a job", read("write/launch-job-opportunity.json"), opened)
        path = f"/jobs/ingest/{opened['id']}"
        client.rest("PUT", f"{path}/batches", data=data, headers={"Content-Type": "text/csv"}, version="60.0")
        closed = client.rest("PATCH", path, {"state": "UploadComplete"}, version="60.0").json()
        yield _job("close a job", read("write/update-job-opportunity.json"), closed)
        info = client.wait_for_job(path.removeprefix("/jobs"))
        yield _job("a job with a failed row", read("info/partial-failure.json"), info)
        yield Comparison("keys of a finished job", _compare({"": (list(read("info/success.json")), list(info))}))
        # As recorded, but for the order of the keys: a job that runs has those of one that ended.
        yield Comparison("keys of a running job", _compare({"": (list(read("info/in-progress.json")), list(info))}))
        failed = client.rest("GET", f"{path}/failedResults").text
        recorded = (steps / "info/partial-failure.csv").read_text(encoding="utf-8")
        yield Comparison("failed rows", _compare({"": (recorded.splitlines(), failed.splitlines())}))
        client.close()


_BY_NATURE = ("id", "createdById", "createdDate", "systemModstamp", "totalProcessingTime", "apiActiveProcessingTime")


def _job(name: str, recorded: dict[str, Any], ours: dict[str, Any]) -> Comparison:
    pairs: dict[str, tuple[Any, Any]] = {"keys": (list(recorded), list(ours))}
    for key in recorded.keys() & ours.keys() - {*_BY_NATURE}:
        pairs[key] = (
            recorded[key],
            str(ours[key]).replace(ours["id"], recorded["id"]) if key == "contentUrl" else ours[key],
        )
    return Comparison(name, _compare(pairs))


BULK_SOURCES: dict[str, Source] = {
    "Bulk API: a load": bulk_load,
    "Bulk API: cases": bulk_cases,
    "Bulk API 2.0: jobs": bulk2_jobs,
}
