"""One contender in its own process: it sends its rows to the stub, and prints its CPU time and memory as JSON."""

from __future__ import annotations

import csv
import io
import itertools
import json
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from bench import data
from connector_sdk import RowCounts

BATCH = 10_000
COLLECTION = 200
"""The number of rows in a request to sObject Collections."""


def connector_bulk(url: str, folder: Path, rows: int) -> int:
    """Run the product for the first time through the Bulk API, with journal, checks, ledger and snapshot."""
    return _first_run(url, folder, rows, "bulk", BATCH)


def connector_bulk2(url: str, folder: Path, rows: int) -> int:
    """Run the product for the first time through Bulk API 2.0."""
    return _first_run(url, folder, rows, "bulk2", 100_000)


def connector_rest(url: str, folder: Path, rows: int) -> int:
    """Run the product for the first time through sObject Collections."""
    return _first_run(url, folder, rows, "rest", COLLECTION)


def connector_again(url: str, folder: Path, rows: int) -> int:
    """Run the product a second time without a changed row. The CPU time of the first run is subtracted."""
    with tempfile.TemporaryDirectory() as state:
        _sync(url, folder, rows, Path(state), "bulk", BATCH)
        global _before
        _before = _cpu()
        return _sync(url, folder, rows, Path(state), "bulk", BATCH).unchanged


def simple_bulk(url: str, folder: Path, rows: int) -> int:
    """Send records as dictionaries through the Bulk API with simple-salesforce."""
    with data.csv(folder, rows).open(newline="", encoding="utf-8") as file:
        records = list(csv.DictReader(file))
    results = _simple(url).bulk.Contact.upsert(records, "External_Id__c", batch_size=BATCH)
    return sum(each["success"] for each in results)


def simple_bulk2(url: str, folder: Path, rows: int) -> int:
    """Upload a CSV file unchanged through Bulk API 2.0 with simple-salesforce, and read which rows succeeded."""
    return _bulk2_upsert(url, csv_file=str(data.csv(folder, rows)))


def simple_bulk2_records(url: str, folder: Path, rows: int) -> int:
    """Do the same as `simple_bulk2`, but from records such as a query returns."""
    with data.csv(folder, rows).open(newline="", encoding="utf-8") as file:
        return _bulk2_upsert(url, records=list(csv.DictReader(file)))


def _bulk2_upsert(url: str, **source: Any) -> int:
    contacts, done = _simple(url).bulk2.Contact, 0
    for job in contacts.upsert(**source, external_id_field="External_Id__c", batch_size=100_000):
        done += sum(1 for _ in csv.DictReader(io.StringIO(contacts.get_successful_records(job["job_id"]))))
        assert not list(csv.DictReader(io.StringIO(contacts.get_failed_records(job["job_id"]))))
    return done


def simple_rest(url: str, folder: Path, rows: int) -> int:
    """Send records to sObject Collections with simple-salesforce.

    It has no method for that resource, so its users call `restful`.
    """
    org, done = _simple(url), 0
    with data.csv(folder, rows).open(newline="", encoding="utf-8") as file:
        records = ({"attributes": {"type": "Contact"}, **each} for each in csv.DictReader(file))
        while some := list(itertools.islice(records, COLLECTION)):
            body = {"allOrNone": False, "records": some}
            answers = org.restful("composite/sobjects/Contact/External_Id__c", method="PATCH", json=body)
            done += sum(each["success"] for each in answers)
    return done


CONTENDERS: dict[str, Callable[[str, Path, int], int]] = {
    "connector bulk": connector_bulk,
    "connector bulk2": connector_bulk2,
    "connector rest": connector_rest,
    "unchanged": connector_again,
    "simple-salesforce bulk": simple_bulk,
    "simple-salesforce bulk2": simple_bulk2,
    "simple-salesforce, records bulk2": simple_bulk2_records,
    "simple-salesforce rest": simple_rest,
}

_before = 0.0


def _first_run(url: str, folder: Path, rows: int, api: str, batch_size: int) -> int:
    with tempfile.TemporaryDirectory() as state:
        return _sync(url, folder, rows, Path(state), api, batch_size).succeeded


def _sync(url: str, folder: Path, rows: int, state: Path, api: str, batch_size: int) -> RowCounts:
    from connector_sdk import ConnectionConfig, FieldMapping, Match, Mode, Model, Project, Secret, Sync
    from connector_sdk.contract.project import DeliveryOptions
    from connector_sdk.run import run

    settings = {"login_url": url, "auth": {
        "flow": "client_credentials", "client_id": "bench", "client_secret": Secret("bench-secret"),
    }}  # fmt: skip
    project = Project(
        connections={"crm": ConnectionConfig("crm", "salesforce", settings)},
        models={"contacts": Model(name="contacts", primary_key=("contact_id",), file=str(data.parquet(folder, rows)))},
        syncs={
            "contacts": Sync(
                name="contacts", model="contacts", connection="crm", objects=("Contact",), mode=Mode.UPSERT,
                fields=tuple(FieldMapping(field=field, column=column) for field, column in data.MAPPED.items()),
                match=Match("External_Id__c", "contact_id"),
                delivery=DeliveryOptions(api=api, batch_size=batch_size),
            )
        },
    )  # fmt: skip
    return run(project, "contacts", state=state)[0].rows


def _simple(url: str) -> Any:
    from simple_salesforce import Salesforce

    session = requests.Session()
    session.mount("https://127.0.0.1", _Plain())
    return Salesforce(instance_url=url, session_id="00D000000000001!bench", session=session, version="58.0")


class _Plain(HTTPAdapter):
    """An adapter that sends plain HTTP, because simple-salesforce always uses HTTPS and the stub does not."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, *args, **kwargs)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run one contender: `python -m bench.contenders NAME URL FOLDER ROWS`."""
    name, url, folder, rows = sys.argv[1:]
    done = CONTENDERS[name](url, Path(folder), int(rows))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"rows": done, "cpu": _cpu() - _before, "peak_mb": used.ru_maxrss // 1024}))


if __name__ == "__main__":
    main()
