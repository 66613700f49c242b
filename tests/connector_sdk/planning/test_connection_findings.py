"""What a destination finds out about a connection when it opens it reaches the person who reads checks and plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve

from connector_sdk import Connection, Finding, Host, Level, hookimpl
from connector_sdk.check import check
from connector_sdk.testing.reference import plugin

from .bench import Bench

OLD = Finding(Level.WARNING, "version 3 is old", "Set a newer one.")
ROWS = [{"k": "1", "e": "a", "n": "x"}]


class Observer:
    def __init__(self) -> None:
        self.told: list[Finding] = []

    @hookimpl
    def run_planned(self, findings: Sequence[Finding]) -> None:
        self.told += findings


@pytest.fixture
def finding(bench: Bench) -> Bench:
    """A destination with something to say about its connection, and a secret in it."""

    def connect(config: Any, host: Host) -> Connection:
        host.hide("a-planted-secret")
        found = (OLD, Finding(Level.INFO, "logged in with a-planted-secret"))
        return evolve(plugin.connect(config, host), findings=found)

    bench.hooks["connect"] = connect
    return bench


def test_check_and_plan_show_what_a_connection_found(finding: Bench) -> None:
    (checked,) = check(finding.project(ROWS), destinations=finding.destinations)
    planned = finding.plan(ROWS)
    for found in (checked.findings, planned.findings):
        assert OLD in found
        assert "a-planted-secret" not in repr(found)


def test_a_run_that_writes_tells_it_before_it_does(finding: Bench) -> None:
    observer = Observer()
    finding.run(ROWS, observers=[observer])
    assert OLD in observer.told
