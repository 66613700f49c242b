"""A plain client for the tests: requests, no retries, no knowledge but paths."""

from __future__ import annotations

import csv
import io
import time
from typing import Any
from xml.etree import ElementTree

import requests
from salesforce_emulator import Emulator

VERSION = "58.0"
NAMESPACE = "{http://www.force.com/2009/06/asyncapi/dataload}"


class Client:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.http = requests.Session()
        self.http.trust_env = False
        self.token = ""
        self.login()

    def login(self, **form: str) -> requests.Response:
        facts = {"client_id": self.emulator.client_id, "client_secret": self.emulator.client_secret}
        form = {"grant_type": "client_credentials", **facts, **form}
        answer = self.http.post(f"{self.emulator.login_url}/services/oauth2/token", data=form)
        self.token = answer.json().get("access_token", self.token)
        return answer

    def close(self) -> None:
        self.http.close()

    def rest(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        version = more.pop("version", VERSION)
        url = f"{self.emulator.instance_url}/services/data/v{version}{path}"
        return self.http.request(method, url, json=body, headers=headers, **more)

    def query(self, statement: str) -> Any:
        return self.rest("GET", "/query", params={"q": statement}).json()

    def select_rows(self, statement: str) -> list[dict[str, Any]]:
        answer = self.query(statement)
        assert isinstance(answer, dict), answer
        return [{key: value for key, value in row.items() if key != "attributes"} for row in answer["records"]]

    def create(self, object_name: str, **fields: Any) -> str:
        answer = self.rest("POST", f"/sobjects/{object_name}", fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def collection(self, method: str, path: str, *records: dict[str, Any], type_: str = "Account", **more: Any) -> Any:
        body = {"allOrNone": more.pop("all_or_none", False)}
        body["records"] = [{"attributes": {"type": type_}, **record} for record in records]
        return self.rest(method, f"/composite/sobjects{path}", body, **more).json()

    # Bulk API

    def bulk(self, method: str, path: str, data: Any = None, **headers: str) -> requests.Response:
        sent = {"X-SFDC-Session": self.token, **{key.replace("_", "-"): value for key, value in headers.items()}}
        url = f"{self.emulator.instance_url}/services/async/{VERSION}/job{path}"
        return self.http.request(method, url, data=data, headers=sent)

    def job(self, operation: str, object_name: str, key: str | None = None, content_type: str = "CSV") -> str:
        info = f"<operation>{operation}</operation><object>{object_name}</object>"
        info += f"<externalIdFieldName>{key}</externalIdFieldName>" if key else ""
        info += f"<contentType>{content_type}</contentType>"
        answer = self.bulk("POST", "", job_info(info), Content_Type="application/xml")
        assert answer.status_code == 201, answer.text
        return element(answer, "id")

    def batch(self, job: str, data: str | bytes, content_type: str = "text/csv; charset=UTF-8") -> str:
        sent = data.encode() if isinstance(data, str) else data
        answer = self.bulk("POST", f"/{job}/batch", sent, Content_Type=content_type)
        assert answer.status_code == 201, answer.text
        return element(answer, "id")

    def wait_for_batch(self, job: str, batch: str) -> dict[str, str]:
        for _ in range(400):
            info = elements(self.bulk("GET", f"/{job}/batch/{batch}"))
            if info["state"] not in ("Queued", "InProgress"):
                return info
            time.sleep(0.01)
        raise AssertionError("the batch was not finished")

    def results(self, job: str, batch: str) -> list[dict[str, str]]:
        self.wait_for_batch(job, batch)
        text = self.bulk("GET", f"/{job}/batch/{batch}/result").content.decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def load(self, operation: str, object_name: str, data: str, key: str | None = None) -> list[dict[str, str]]:
        job = self.job(operation, object_name, key)
        return self.results(job, self.batch(job, data))

    def failure(self, operation: str, object_name: str, data: str, key: str | None = None) -> str:
        job = self.job(operation, object_name, key)
        info = self.wait_for_batch(job, self.batch(job, data))
        assert info["state"] == "Failed", info
        return info["stateMessage"]

    # Bulk API 2.0

    def jobs(self, method: str, path: str, body: Any = None, data: str | bytes | None = None) -> requests.Response:
        headers = {"Content-Type": "text/csv"} if data is not None else {}
        sent = data.encode() if isinstance(data, str) else data
        return self.rest(method, f"/jobs{path}", body, data=sent, headers=headers)

    def open_job(self, operation: str, object_name: str, data: str | bytes | None = None, **keys: Any) -> str:
        answer = self.jobs("POST", "/ingest", {"operation": operation, "object": object_name, **keys})
        assert answer.status_code == 200, answer.text
        job = str(answer.json()["id"])
        if data is not None:
            uploaded = self.jobs("PUT", f"/ingest/{job}/batches", data=data)
            assert (uploaded.status_code, uploaded.content) == (201, b"")
        return job

    def close_job(self, job: str) -> dict[str, Any]:
        answer = self.jobs("PATCH", f"/ingest/{job}", {"state": "UploadComplete"})
        assert answer.status_code == 200, answer.text
        return self.wait_for_job(f"/ingest/{job}")

    def wait_for_job(self, path: str) -> dict[str, Any]:
        for _ in range(600):
            info: dict[str, Any] = self.jobs("GET", path).json()
            if info["state"] in ("JobComplete", "Failed", "Aborted"):
                return info
            time.sleep(0.01)
        raise AssertionError("the job has not ended")

    def ingest(self, operation: str, object_name: str, data: str | bytes, **keys: Any) -> tuple[str, dict[str, Any]]:
        job = self.open_job(operation, object_name, data, **keys)
        return job, self.close_job(job)

    def file(self, job: str, name: str, delimiter: str = ",") -> list[dict[str, str]]:
        text = self.jobs("GET", f"/ingest/{job}/{name}").content.decode()
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def job_info(inner: str) -> str:
    return f'<?xml version="1.0"?><jobInfo xmlns="{NAMESPACE[1:-1]}">{inner}</jobInfo>'


def elements(answer: requests.Response) -> dict[str, str]:
    root = ElementTree.fromstring(answer.content)
    return {child.tag.removeprefix(NAMESPACE): child.text or "" for child in root}


def element(answer: requests.Response, name: str) -> str:
    return elements(answer)[name]


def fault_of(answer: requests.Response) -> tuple[int, str, str]:
    """Return the status, code and message of a refused call of Bulk API."""
    facts = elements(answer)
    return answer.status_code, facts["exceptionCode"], facts["exceptionMessage"]
