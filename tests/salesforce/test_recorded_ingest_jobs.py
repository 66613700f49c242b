"""Everything that real orgs answered about jobs of the Bulk API 2.0 goes through the parsers."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pyarrow as pa
import pytest
from connector_salesforce.write import bulk2_jobs, bulk2_results
from connector_salesforce.write.cells import Sent
from connector_salesforce.write.job_kind import JobKind

from .recorded import Exchange, exchanges
from .scripted import ScriptedTransport, answer, org


@pytest.fixture(scope="module")
def recorded(recordings: Path) -> list[Exchange]:
    return list(exchanges(recordings))


def test_every_answer_about_ingest_jobs_is_understood(recorded: list[Exchange], recordings: Path) -> None:
    """Of those that say more than a status: a stub without a body is no job."""
    folder = recordings / "amp-labs+connectors/providers/salesforce/test/bulk"
    kept = [each.read_bytes() for each in sorted(folder.rglob("*.json"))]
    kept += [each.body for each in recorded if re.search(r"/jobs/(ingest|query)(/750\w+)?$", each.path)
             and each.status < 300 and each.body]  # fmt: skip
    assert len(kept) > 7
    for body in kept:
        said = json.loads(body)
        transport = ScriptedTransport()
        transport.on("POST", ".*", answer(body))
        transport.on("GET", ".*", answer(body))
        assert bulk2_jobs.create_job(org(transport).client, JobKind("run", "Account", "upsert")) == said["id"]
        if "state" in said:
            read = bulk2_jobs.look(org(transport).client, said["id"])
            assert (read.state, read.processed) == (said["state"], said.get("numberRecordsProcessed", 0))
            assert (read.state in bulk2_jobs.ENDED) is (said["state"] == "JobComplete")


def test_every_result_file_of_an_ingest_job_is_understood(recorded: list[Exchange], recordings: Path) -> None:
    files = {
        each.path.rpartition("/")[2]: each.body
        for each in recorded
        if re.search(r"/jobs/ingest/\w+/(successfulResults|failedResults|unprocessedrecords)$", each.path)
        and each.status == 200
    }
    assert len(files) == 3
    folder = recordings / "amp-labs+connectors/providers/salesforce/test/bulk/info"
    kept = [(name, body, "Name") for name, body in files.items()]
    kept += [("failedResults", (folder / "partial-failure.csv").read_bytes(), "external_id__c")]
    for name, body, key in kept:
        rows = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
        transport = ScriptedTransport()
        transport.on("GET", f".*/{name}", answer(body))
        transport.on("GET", ".*/(?!" + name + ")[a-zA-Z]+", answer(b""))
        sent = Sent((key,), pa.array([row[key] for row in reversed(rows)], pa.string()))
        told = bulk2_results.read_results(org(transport).client, "750", sent)
        assert told.is_whole(len(rows)), name
        lines = bulk2_results.results(told, ("U", ""), ("N", "")).rows.to_pylist()
        for line, row in zip(lines, reversed(rows), strict=True):
            assert (line["record_id"] or "") == row["sf__Id"]
            assert (line["status"] == "failed") is (name == "failedResults")
            assert line["code"] == ("INVALID_VALUE" if name == "failedResults" else None)
