"""jsforce, unchanged, against the emulator: what session.cjs does, step by step."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from salesforce_emulator import Emulator

from tests.clients.packages import install_client

pytestmark = pytest.mark.long

_SCRIPT = __file__.replace("test_jsforce.py", "jsforce/session.cjs")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def steps(emulator: Emulator) -> dict[str, Any]:
    folder = install_client("jsforce")
    form = {"grant_type": "client_credentials", "client_id": emulator.client_id}
    form["client_secret"] = emulator.client_secret
    with requests.Session() as session:
        session.trust_env = False
        token = session.post(f"{emulator.login_url}/services/oauth2/token", data=form).json()["access_token"]
    arguments = [emulator.login_url, emulator.instance_url, token, emulator.username, emulator.password]
    done = subprocess.run(
        ["node", _SCRIPT, *arguments],
        env={"NODE_PATH": str(folder / "node_modules"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    outcomes: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return outcomes


def test_it_logs_in_over_soap_and_is_told_of_a_wrong_password(steps: dict[str, Any]) -> None:
    assert steps["login"] == 18
    assert steps["wrong password"]["message"].startswith("INVALID_LOGIN")


def test_it_works_with_a_token_and_an_instance_until_it_logs_out(steps: dict[str, Any], emulator: Emulator) -> None:
    assert steps["identity"] == emulator.username
    assert steps["limits"] == 100_000
    assert steps["logout"] is None
    assert steps["after logout"]["error"] == "INVALID_SESSION_ID"


def test_it_describes(steps: dict[str, Any]) -> None:
    assert {"Account", "Contact", "Order_Update__e"} <= set(steps["describe global"])
    assert "External_Id__c" in steps["describe"]


def test_it_writes_single_rows(steps: dict[str, Any]) -> None:
    assert [steps[name] for name in ("create", "retrieve", "update", "upsert")] == [True, "One", True, False]
    assert steps["refused"]["error"] == "REQUIRED_FIELD_MISSING"


def test_it_writes_collections(steps: dict[str, Any]) -> None:
    assert steps["create several"] == 250
    assert steps["update several"] is True
    assert steps["upsert several"] == [
        [True, False, []],
        [True, True, []],
        [False, False, ["REQUIRED_FIELD_MISSING"]],
    ]
    assert steps["destroy several"] == [True, True]


def test_it_loads_and_queries_with_bulk_api(steps: dict[str, Any]) -> None:
    assert steps["bulk"] == [2_300, 2_300]
    assert steps["bulk query"] == 2_302


def test_it_loads_and_queries_with_bulk_api_2(steps: dict[str, Any]) -> None:
    good, error, unprocessed = steps["bulk2"]
    assert (good, unprocessed) == (1, 0)
    assert error.startswith("REQUIRED_FIELD_MISSING:")
    assert steps["bulk2 query"] == [{"LastName": "O"}]


def test_it_queries_page_by_page(steps: dict[str, Any]) -> None:
    assert steps["query"] == [2_302, 2_000, False, 302, True]
    assert steps["query to the end"] == 2_302


def test_its_query_builder_finds_counts_groups_and_includes_children(steps: dict[str, Any]) -> None:
    assert steps["find"] == ["L1999"]
    assert steps["search"] == ["Un"]
    assert steps["count"] == 1
    assert steps["group"] == [True]
    assert steps["children"] == ["Child"]
    assert steps["deleted"] == 2


def test_it_calls_composite(steps: dict[str, Any]) -> None:
    assert steps["composite"] == [{"count": 1, "name": "Account"}]


def test_it_reads_and_updates_picklists(steps: dict[str, Any], emulator: Emulator) -> None:
    assert steps["metadata read"][:3] == ["free", "team", "business"]
    assert steps["metadata update"] is True
    assert "nova" in [value["value"] for value in emulator.picklist("Account.Plan__c")]
    assert steps["metadata list"] == ["Territories"]
    assert steps["metadata describe"] == ["CustomObject", "GlobalValueSet", "StandardValueSet"]
    assert steps["tooling"] == 1
    assert steps["tooling describe"] == "CustomField"


def test_it_asks_for_the_time_and_publishes_events(steps: dict[str, Any], emulator: Emulator) -> None:
    assert steps["server time"] is True
    assert steps["events"] is True
    assert emulator.events("Order_Update__e")["counts"] == {"o-1": 1}
