"""Runs to be killed: events against an emulated org, audited by what it published."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from connector_salesforce.write import bulk2
from connector_salesforce_events import allocation

from connector_sdk import ConnectionConfig, DeliveryOptions, FieldMapping, Mode, Model, Project, RunReport, Sync
from connector_sdk.delivery.retry import Pace
from connector_sdk.run import FirstRun, run
from connector_sdk.testing.crash import Scenario

from ..salesforce.emulated import Emulated
from .projects import EVENT

KEYS = [f"o{number}" for number in range(9)]
WRITING = {"rest": ("POST", "*/composite/sobjects"), "bulk2": ("*", "*/jobs/ingest*")}
PACE = Pace(base=0.001, cap=0.01, attempts=50, tokens=10_000)


def make_scenario(ready: str, api: str, delivery: str, *cuts: str) -> Scenario:
    """Return a scenario that publishes nine events in batches of three; `cuts` say when connections also break."""
    emulated = Emulated(json.loads(ready))
    os.environ["SF_SECRET"] = emulated.ready["client_secret"]
    options: dict[str, Any] = {"delivery": delivery}
    return Scenario(
        prepare=lambda folder: _prepare(emulated, folder, api, cuts),
        run=lambda folder: max(each.exit for each in _run(emulated, folder, api, options)),
        audit=lambda folder: _audit(emulated, folder, api, options),
    )


def _prepare(emulated: Emulated, folder: Path, api: str, cuts: tuple[str, ...]) -> None:
    emulated.reset()
    pq.write_table(pa.table({"key": KEYS}), folder / "model.parquet")
    method, path = WRITING[api]
    match = {"method": method, "path": path}
    emulated.faults(
        *({"match": match, "do": {"cut": cut}, "rate": 0.3, "times": 3, "seed": n} for n, cut in enumerate(cuts))
    )


def _run(emulated: Emulated, folder: Path, api: str, options: dict[str, Any]) -> tuple[RunReport, ...]:
    bulk2.FIRST_PAUSE = 0.02
    allocation.FIRST_PAUSE = 0.05
    os.environ["XDG_STATE_HOME"] = str(folder / "home")
    ready = emulated.ready
    auth = {"flow": "client_credentials", "client_id": ready["client_id"], "client_secret": "${SF_SECRET}"}
    bus = ConnectionConfig("bus", "salesforce_events", {"login_url": ready["login_url"], "auth": auth})
    sync = Sync(
        name="events",
        model="model",
        connection="bus",
        objects=(EVENT,),
        mode=Mode.INSERT,
        fields=(FieldMapping(field="Order_Number__c", column="key"),),
        delivery=DeliveryOptions(api=api, batch_size=3),
        options=options,
    )
    model = Model(name="model", primary_key=("key",), file="model.parquet", folder=str(folder))
    project = Project(connections={"bus": bus}, models={"model": model}, syncs={"events": sync}, folder=str(folder))
    return run(project, "events", first_run=FirstRun.SEND, pace=PACE)


def _audit(emulated: Emulated, folder: Path, api: str, options: dict[str, Any]) -> Iterator[str]:
    """Yield a problem unless each event was published once or its row is unknown. With at_least_once, allow repeats."""
    published = Counter(each["payload"]["Order_Number__c"] for each in emulated.events(EVENT))
    outcomes = _outcomes(folder)
    repeats = api == "rest" and options["delivery"] == "at_least_once"
    for key in KEYS:
        if published[key] > 1 and not repeats:
            yield f"{key} was published {published[key]} times"
        doubtful = outcomes.get(key) == "unknown" and api == "rest" and not repeats
        if not doubtful and (outcomes.get(key) != "succeeded" or not published[key]):
            yield f"{key} is {outcomes.get(key)} and was published {published[key]} times"
    emulated.faults()
    (report,) = _run(emulated, folder, api, options)
    if report.rows.planned > report.rows.skipped:
        yield f"another run still had something to send: {report.rows}"


def _outcomes(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for ledger in sorted((folder / ".connector" / "ledgers").iterdir()):
        lines = pq.read_table(ledger, columns=["key", "outcome"]).to_pylist()
        found |= {line["key"]: line["outcome"] for line in lines if line["outcome"] != "skipped"}
    return found
