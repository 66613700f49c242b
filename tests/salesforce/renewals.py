"""Runs to be killed whose login is good for one renewal: each time the next refresh token must be on disk already."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from connector_salesforce.auth import stored_login
from connector_salesforce.auth.web_login import log_in_by_browser
from connector_salesforce.flows import Web
from connector_salesforce.transport.sending import Transport

from connector_sdk import ConnectionConfig, DeliveryOptions, FieldMapping, Match, Mode, Model, Project, Secret, Sync
from connector_sdk.lifecycle.connect import open_connection
from connector_sdk.run import run
from connector_sdk.state.tokens import token_store
from connector_sdk.testing.crash import Scenario
from connector_sdk.testing.doubles import RecordingHost

from .browser import Browser
from .emulated import Emulated

ANY_PORT = "http://localhost:0/OauthRedirect"
T = TypeVar("T")

KEYS = [f"k{number}" for number in range(4)]


def make_scenario(ready: str) -> Scenario:
    """Return a scenario that writes four contacts by two requests, each of which finds its session ended."""
    emulated = Emulated(json.loads(ready))
    os.environ["SF_SECRET"] = emulated.ready["client_secret"]
    return Scenario(
        prepare=lambda folder: _prepare(emulated, folder),
        run=lambda folder: _at_home(folder, lambda: max(each.exit for each in run(_project(emulated, folder), "sync"))),
        audit=lambda folder: _at_home(folder, lambda: list(_audit(emulated, folder))),
    )


def _at_home(folder: Path, act: Callable[[], T]) -> T:
    os.environ["XDG_DATA_HOME"] = os.environ["XDG_STATE_HOME"] = str(folder / "home")
    return act()


def _prepare(emulated: Emulated, folder: Path) -> None:
    emulated.reset()
    emulated.change({"application": {"rotateRefreshTokens": True}})
    pq.write_table(pa.table({"key": KEYS, "last": KEYS}), folder / "model.parquet")
    _at_home(folder, lambda: _log_in(emulated, folder))
    ended = {"match": {"path": "/services/data/*/composite/sobjects*"}, "do": {"expire": True}, "times": 2}
    emulated.faults(ended)


def _log_in(emulated: Emulated, folder: Path) -> None:
    ready, host = emulated.ready, RecordingHost()
    auth = Web("web", ready["client_id"], Secret(ready["client_secret"]), ANY_PORT)
    transport = Transport(host.call_finished)
    log_in_by_browser(auth, ready["login_url"], transport, host, Browser())
    transport.close()
    token_store(str(folder), "crm").save(host.tokens.load() or "")


def _project(emulated: Emulated, folder: Path) -> Project:
    auth = {
        "flow": "web", "client_id": emulated.ready["client_id"], "client_secret": "${SF_SECRET}",
        "callback_url": ANY_PORT,
    }  # fmt: skip
    crm = ConnectionConfig("crm", "salesforce", {"login_url": emulated.ready["login_url"], "auth": auth})
    model = Model(name="model", primary_key=("key",), file="model.parquet", folder=str(folder))
    sync = Sync(
        name="sync",
        model="model",
        connection="crm",
        objects=("Contact",),
        mode=Mode.UPSERT,
        match=Match("External_Id__c", "key"),
        fields=(FieldMapping(field="LastName", column="last"),),
        delivery=DeliveryOptions(api="rest", batch_size=2, parallelism=1),
    )
    return Project(connections={"crm": crm}, models={"model": model}, syncs={"sync": sync}, folder=str(folder))


def _audit(emulated: Emulated, folder: Path) -> Iterator[str]:
    found = sorted(each["External_Id__c"] for each in emulated.records("Contact"))
    if found != KEYS:
        yield f"the org has {found}"
    if stored_login.load(token_store(str(folder), "crm")) is None:
        yield "nobody is logged in any more"
    with open_connection(_project(emulated, folder), "crm"):
        pass
