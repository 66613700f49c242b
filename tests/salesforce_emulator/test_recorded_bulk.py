"""Bulk API 1.0 against what real orgs answered; skipped where the recordings are not beside the checkout."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import yaml
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import NAMESPACE, Client, elements

CUMULUS = "SFDO-Tooling+CumulusCI/cumulusci"


def unchunked(body: str) -> str:
    """The data of a recorded body in transfer coding `chunked`."""
    return "".join(re.findall(r"[0-9a-f]+\r\n(.*?)\r\n(?=[0-9a-f]+\r\n|\Z)", body, re.DOTALL))


def recorded_names(document: str) -> list[str]:
    return [child.tag.removeprefix(NAMESPACE) for child in ElementTree.fromstring(document)]


def filled(response: dict[str, Any], templates: Path) -> str:
    """A recorded answer, whose text may be a template with values."""
    text = response["body"]["string"]
    if isinstance(text, str):
        return text
    template = (templates / text["include_template"]).read_text(encoding="utf-8")
    values = text["vars"]
    return re.sub(r"\{(\w+)(?::(\w*))?\}", lambda match: str(values.get(match[1], match[2])), template)


def test_a_bulk_load_runs_as_recorded(recordings: Path, client: Client) -> None:
    name = "tasks/bulkdata/tests/cassettes/TestUpsert.test_upsert_complex_fields__bulk.yaml"
    templates = recordings / CUMULUS / "tests/shared_cassettes/vcr_string_templates"
    calls = yaml.safe_load((recordings / CUMULUS / name).read_text(encoding="utf-8"))["interactions"]
    ids: dict[str, str] = {}
    compared = 0
    for call in calls:
        if "request" not in call or "/services/async/" not in call["request"]["uri"]:
            continue
        asked, answered = call["request"], call["response"]
        path = urlsplit(asked["uri"]).path.partition("/job")[2]
        for theirs, ours in ids.items():
            path = path.replace(theirs, ours)
        body = asked["body"] or ""
        if path.endswith("/batch") and asked["method"] == "POST":
            body = unchunked(body)
            for theirs, ours in ids.items():
                body = body.replace(theirs, ours)
            actual = client.bulk("POST", path, body.encode(), Content_Type="text/csv")
        else:
            if path.endswith("/result"):
                client.finished(*path.removesuffix("/result").strip("/").split("/batch/"))
            actual = client.bulk(asked["method"], path, body, Content_Type="application/xml")
        assert actual.status_code == answered["status"]["code"]
        assert actual.headers["Content-Type"] == answered["headers"]["Content-Type"][0]
        expected = filled(answered, templates)
        if expected.startswith("<?xml"):
            assert recorded_names(actual.text) == recorded_names(expected)
            info = elements(actual)
            if "id" in info:
                ids[next(iter(re.findall(r"<id>(\w+)</id>", expected)))] = info["id"]
        else:
            before, after = expected.splitlines(), actual.text.splitlines()
            assert [line.split(",")[1:] for line in after] == [line.split(",")[1:] for line in before]
            ids |= {one[1:19]: other[1:19] for one, other in zip(before[1:], after[1:], strict=True)}
        compared += 1
    assert compared > 15


def test_bulk_updates_and_deletes_of_cases_agree(recordings: Path, client: Client, emulator: Emulator) -> None:
    file = recordings / "elasticio+salesforce-component-v2/spec/testData/bulk_cud.json"
    cases = json.loads(file.read_text(encoding="utf-8"))

    def parts(name: str) -> tuple[str, list[str]]:
        case = cases[name]
        data = next(iter(case["responses"]["http://file.storage.server"].values()))["response"]
        return data, [call["response"] for call in case["responses"]["https://test.salesforce.com"].values()]

    def result_lines(operation: str, data: str) -> tuple[list[str], list[list[str]]]:
        job = client.job(operation, "Case")
        batch = client.batch(job, data)
        infos = [client.bulk("GET", f"/{job}").text, client.bulk("GET", f"/{job}/batch/{batch}").text]
        client.finished(job, batch)
        lines = client.bulk("GET", f"/{job}/batch/{batch}/result").text.splitlines()
        return lines, [recorded_names(info) for info in infos]

    data, (job, batch, _, result) = parts("bulkInsertCase")
    lines, names = result_lines("insert", data)
    assert names == [recorded_names(job), recorded_names(batch)]
    assert [line.split(",")[1:] for line in lines] == [line.split(",")[1:] for line in result.splitlines()]

    [deleted] = emulator.insert("Case", {"Subject": "x"})
    emulator.delete("Case", deleted)
    data, answers = parts("bulkUpdateCase")
    assert result_lines("update", data.replace("5002o00002E89BbAAJ", deleted))[0] == answers[-1].splitlines()

    [live] = emulator.insert("Case", {"Subject": "x"})
    data, answers = parts("bulkDeleteCase")
    lines, _ = result_lines("delete", data.replace("5002o00002BT0IUAA1", live))
    assert lines == [line.replace("5002o00002BT0IUAA1", live) for line in answers[-1].splitlines()]
