"""A server with just enough of the Salesforce APIs to receive rows, and fast enough not to be the bottleneck.

It stores no records: it counts the rows of each body and answers that all of them succeeded.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import re
import sys
import time
from collections.abc import Callable

FIELDS = {
    "External_Id__c": "string", "FirstName": "string", "LastName": "string", "Email": "email", "Phone": "phone",
    "MailingStreet": "textarea", "MailingCity": "string", "MailingCountry": "string", "Amount__c": "currency",
    "Birthdate": "date", "Active__c": "boolean", "Description": "textarea",
}  # fmt: skip
NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
Answer = tuple[int, str, bytes]


class InFlight:
    """The average number of writing requests in progress, over the time from the first to the last one."""

    def __init__(self) -> None:
        self._now = 0
        self._area = 0.0
        self._first = self._last = 0.0

    def change(self, by: int) -> None:
        """Count a request that begins (1) or ends (-1)."""
        at = time.monotonic()
        self._first = self._first or at
        self._area += self._now * (at - (self._last or at))
        self._last = at
        self._now += by

    @property
    def mean(self) -> float:
        """The average up to the last change."""
        return self._area / (self._last - self._first) if self._last > self._first else 0.0


class Org:
    """The counters and the answers of the stub."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls = 0
        self.polls = 0
        self.rows = 0
        self.in_flight = InFlight()
        self._ids = itertools.count(1)
        self._jobs: dict[str, dict[str, int]] = {}
        self._uploads: dict[str, bytes] = {}
        self._results: dict[tuple[str, int], bytes] = {}
        self._routes: list[tuple[re.Pattern[str], Callable[..., Answer]]] = [
            (re.compile(pattern), handler)
            for pattern, handler in (
                (r"POST /services/oauth2/token", self._token),
                (r"GET /stats", self._stats),
                (r"GET /services/data/v[\d.]+/query", self._query),
                (r"GET /services/data/v[\d.]+/limits/?$", self._limits),
                (r"GET /services/data/v[\d.]+/sobjects/?$", self._sobjects),
                (r"GET /services/data/v[\d.]+/sobjects/(\w+)/describe", self._describe),
                (r"PATCH /services/data/v[\d.]+/composite/sobjects/Contact/External_Id__c$", self._collection),
                (r"POST /services/async/[\d.]+/job$", self._job),
                (r"(?:GET|POST) /services/async/[\d.]+/job/(\w+)$", self._job_info),
                (r"POST /services/async/[\d.]+/job/(\w+)/batch$", self._batch),
                (r"GET /services/async/[\d.]+/job/(\w+)/batch$", self._batches),
                (r"GET /services/async/[\d.]+/job/(\w+)/batch/(\w+)$", self._batch_info),
                (r"GET /services/async/[\d.]+/job/(\w+)/batch/(\w+)/result$", self._result),
                (r"POST /services/data/v[\d.]+/jobs/ingest/?$", self._ingest),
                (r"PUT /services/data/v[\d.]+/jobs/ingest/(\w+)/batches/?$", self._upload),
                (r"(?:GET|PATCH) /services/data/v[\d.]+/jobs/ingest/(\w+)/?$", self._ingest_info),
                (r"GET /services/data/v[\d.]+/jobs/ingest/(\w+)/(\w+)/?$", self._ingest_results),
            )
        ]

    def answer(self, line: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Return the status, content type and body for a request (`METHOD path`)."""
        path = line.partition("?")[0]
        for pattern, handler in self._routes:
            if found := pattern.match(path):
                self.calls += "/stats" not in path
                return handler(*found.groups(), body=body, headers=headers)
        return 404, "application/json", b'[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]'

    def _json(self, value: object, status: int = 200) -> Answer:
        return status, "application/json;charset=UTF-8", json.dumps(value).encode()

    def _token(self, **_: object) -> Answer:
        id_ = f"{self.url}/id/00D000000000001EAA/005000000000001AAA"
        return self._json(
            {"access_token": "00D000000000001!bench", "instance_url": self.url, "id": id_, "token_type": "Bearer",
             "scope": "api", "issued_at": "1735689600000", "signature": "c2lnbmF0dXJl"}
        )  # fmt: skip

    def _stats(self, **_: object) -> Answer:
        counted = {"calls": self.calls, "polls": self.polls, "rows": self.rows}
        return self._json(counted | {"in_flight": self.in_flight.mean})

    def _query(self, **_: object) -> Answer:
        record = {"attributes": {"type": "Organization"}, "Id": "00D000000000001EAA", "Name": "Bench",
                  "IsSandbox": True, "OrganizationType": "Developer Edition", "InstanceName": "CS1"}  # fmt: skip
        return self._json({"totalSize": 1, "done": True, "records": [record]})

    def _limits(self, **_: object) -> Answer:
        left = {"Max": 10_000_000, "Remaining": 10_000_000}
        return self._json({"DailyApiRequests": left, "DailyBulkApiBatches": left})

    def _sobjects(self, **_: object) -> Answer:
        return self._json({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [_object("Contact")]})

    def _describe(self, name: str, **_: object) -> Answer:
        fields = [_field("Id", "id", creatable=False, updatable=False, idLookup=True)]
        fields += [_field(each, type_) for each, type_ in FIELDS.items()]
        return self._json(_object(name) | {"fields": fields, "recordTypeInfos": [], "childRelationships": []})

    def _collection(self, body: bytes, **_: object) -> Answer:
        rows = body.count(b'"External_Id__c"')
        self.rows += rows
        return 200, "application/json;charset=UTF-8", _result_json(rows)

    def _job(self, body: bytes, headers: dict[str, str], **_: object) -> Answer:
        job = f"750{next(self._ids):012d}AAA"
        self._jobs[job] = {}
        return self._job_answer(job, headers, 201)

    def _job_info(self, job: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.polls += not body
        return self._job_answer(job, headers, 200)

    def _job_answer(self, job: str, headers: dict[str, str], status: int) -> Answer:
        done = len(self._jobs[job])
        if "json" in headers.get("content-type", ""):
            return self._json({"id": job, "state": "Open", "numberBatchesTotal": done, "apiVersion": 58.0}, status)
        return _xml(f"<jobInfo xmlns='{NAMESPACE}'><id>{job}</id><state>Open</state></jobInfo>", status)

    def _batch(self, job: str, body: bytes, headers: dict[str, str]) -> Answer:
        batch = f"751{next(self._ids):012d}AAA"
        rows = body.count(b'"External_Id__c"') if "json" in headers["content-type"] else body.rstrip(b"\n").count(b"\n")
        self._jobs[job][batch] = rows
        self.rows += rows
        if "json" in headers["content-type"]:
            return self._json({"id": batch, "jobId": job, "state": "Queued"}, 201)
        return _xml(f"<batchInfo xmlns='{NAMESPACE}'>{_info(job, batch, rows, 'Queued')}</batchInfo>", 201)

    def _batches(self, job: str, headers: dict[str, str], **_: object) -> Answer:
        self.polls += 1
        inner = "".join(
            f"<batchInfo>{_info(job, batch, rows, 'Completed')}</batchInfo>" for batch, rows in self._jobs[job].items()
        )
        return _xml(f"<batchInfoList xmlns='{NAMESPACE}'>{inner}</batchInfoList>", 200)

    def _batch_info(self, job: str, batch: str, headers: dict[str, str], **_: object) -> Answer:
        self.polls += 1
        if "json" in headers.get("content-type", ""):
            return self._json({"id": batch, "jobId": job, "state": "Completed"})
        info = _info(job, batch, self._jobs[job][batch], "Completed")
        return _xml(f"<batchInfo xmlns='{NAMESPACE}'>{info}</batchInfo>", 200)

    def _result(self, job: str, batch: str, headers: dict[str, str], **_: object) -> Answer:
        rows = self._jobs[job][batch]
        as_json = "json" in headers.get("content-type", "")
        key = ("json" if as_json else "csv", rows)
        if key not in self._results:
            self._results[key] = _result_json(rows) if as_json else _result_csv(rows)
        return 200, "application/json" if as_json else "text/csv", self._results[key]

    def _ingest(self, **_: object) -> Answer:
        job = f"750{next(self._ids):012d}AAA"
        self._jobs[job] = {"rows": 0}
        url = f"services/data/v58.0/jobs/ingest/{job}/batches"
        return self._json({"id": job, "state": "Open", "contentUrl": url, "apiVersion": 58.0, "contentType": "CSV"})

    def _upload(self, job: str, body: bytes, **_: object) -> Answer:
        rows = body.rstrip(b"\n").count(b"\n")
        self._jobs[job]["rows"] = rows
        self._uploads[job] = body.rstrip(b"\n")
        self.rows += rows
        return 201, "text/plain", b""

    def _ingest_info(self, job: str, body: bytes, **_: object) -> Answer:
        self.polls += not body
        state = "UploadComplete" if body else "JobComplete"
        rows = self._jobs[job]["rows"]
        return self._json(
            {"id": job, "state": state, "numberRecordsProcessed": rows, "numberRecordsFailed": 0, "apiVersion": 58.0,
             "object": "Contact", "operation": "upsert"}
        )  # fmt: skip

    def _ingest_results(self, job: str, which: str, **_: object) -> Answer:
        """Return all columns of the uploaded rows, as Salesforce does."""
        header, *rows = self._uploads[job].split(b"\n")
        if which != "successfulResults":
            rows = []
        lines = (b'"003%012dAAA","true",' % number + row for number, row in enumerate(rows))
        return 200, "text/csv", b"\n".join([b'"sf__Id","sf__Created",' + header, *lines, b""])


def _object(name: str) -> dict[str, object]:
    yes = dict.fromkeys(("createable", "updateable", "deletable", "queryable", "retrieveable", "mergeable"), True)
    no = dict.fromkeys(("customSetting", "deprecatedAndHidden", "custom"), False)
    return {"name": name, "label": name, "labelPlural": f"{name}s", "keyPrefix": "003"} | yes | no


def _field(name: str, type_: str, **flags: object) -> dict[str, object]:
    external = name == "External_Id__c"
    no = dict.fromkeys(
        ("autoNumber", "calculated", "restrictedPicklist", "deprecatedAndHidden", "encrypted", "defaultedOnCreate"),
        False,
    )
    return {
        "name": name, "label": name, "type": type_, "length": 32_000 if type_ == "textarea" else 255,
        "precision": 18 if type_ == "currency" else 0, "scale": 2 if type_ == "currency" else 0, "digits": 0,
        "createable": True, "updateable": True, "nillable": name != "LastName", "externalId": external,
        "idLookup": external, "unique": external, "caseSensitive": False, "picklistValues": [], "referenceTo": [],
        "relationshipName": None, "compoundFieldName": None, "custom": name.endswith("__c"), "permissionable": True,
        "extraTypeInfo": None, "polymorphicForeignKey": False, "filterable": True,
    } | no | flags  # fmt: skip


def _xml(text: str, status: int) -> Answer:
    return status, "application/xml", b'<?xml version="1.0" encoding="UTF-8"?>' + text.encode()


def _info(job: str, batch: str, rows: int, state: str) -> str:
    return (
        f"<id>{batch}</id><jobId>{job}</jobId><state>{state}</state>"
        f"<numberRecordsProcessed>{rows}</numberRecordsProcessed><numberRecordsFailed>0</numberRecordsFailed>"
    )


def _result_csv(rows: int) -> bytes:
    lines = (b'"003%012dAAA","true","true",""\n' % number for number in range(rows))
    return b'"Id","Success","Created","Error"\n' + b"".join(lines)


def _result_json(rows: int) -> bytes:
    ids = (f"003{number:012}AAA" for number in range(rows))
    return json.dumps([{"success": True, "created": True, "id": id_, "errors": []} for id_ in ids]).encode()


async def _serve(org: Org, delay: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *lines = head.decode("latin-1").split("\r\n")
            method, path, _ = first.split(" ")
            headers = {
                name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines if each)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            writes = method == "PATCH"
            if writes:
                org.in_flight.change(1)
            status, kind, answer = org.answer(f"{method} {path}", body, headers)
            await asyncio.sleep(delay)
            if writes:
                org.in_flight.change(-1)
            head_out = f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nContent-Length: {len(answer)}\r\n"
            limit = f"Sforce-Limit-Info: api-usage={org.calls}/10000000\r\n\r\n"
            writer.write(head_out.encode() + limit.encode() + answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    """Serve on a free port of the loopback interface, print the URL, and end when standard input ends.

    `python -m bench.stub [DELAY]` delays each answer by that many seconds.
    """
    org, delay = Org(""), float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
    server = await asyncio.start_server(lambda r, w: _serve(org, delay, r, w), "127.0.0.1", 0, limit=1 << 26)
    port = server.sockets[0].getsockname()[1]
    org.url = f"http://127.0.0.1:{port}"
    print(org.url, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
