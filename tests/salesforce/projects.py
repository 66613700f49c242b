"""Run real syncs from project files, as a person does."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from attrs import field, frozen
from click.testing import CliRunner

from connector_sdk.cli.app import connector

from .emulated import Emulated

Rows = Sequence[Mapping[str, Any]]


@frozen
class Run:
    """What `connector run` answered."""

    exit: int
    said: str
    report: Mapping[str, Any]

    @property
    def rows(self) -> Mapping[str, int]:
        """The counts that are not zero."""
        return {name: count for name, count in self.report.get("rows", {}).items() if count}


@frozen
class Project:
    """A folder with one model and one sync, both named `contacts`. `auth` replaces the login of the connection."""

    folder: Path
    emulated: Emulated
    auth: Mapping[str, Any] = field(factory=dict)

    def sync(self, **changes: Any) -> None:
        """Write the project file; `changes` replace keys of the sync, None takes them away."""
        sync = {
            "model": "contacts", "connection": "crm", "object": "Contact", "mode": "upsert",
            "match": {"field": "External_Id__c", "column": "id"}, "fields": {"LastName": "last", "Email": "email"},
            **changes,
        }  # fmt: skip
        project = {
            "version": 1,
            "connections": {"crm": self._connection()},
            "models": {"contacts": {"file": "contacts.csv", "primary_key": "id"}},
            "syncs": {"contacts": {name: value for name, value in sync.items() if value is not None}},
        }
        (self.folder / "connector.yml").write_text(yaml.safe_dump(project), encoding="utf-8")

    def model(self, rows: Rows) -> None:
        """Write the model; None is an empty cell."""
        with (self.folder / "contacts.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def run(self, *arguments: str) -> Run:
        """Run the sync."""
        result = self.invoke("run", "contacts", "--output", "json", *arguments)
        reports = json.loads(result.stdout or "[]")
        return Run(result.exit_code, result.stderr, reports[0] if reports else {})

    def ledger(self, run: Run) -> dict[str, dict[str, Any]]:
        """The ledger of a run by key."""
        rows = json.loads(self.invoke("rows", run.report["run"], "--output", "json").stdout)
        return {each["key"]: each for each in rows}

    def invoke(self, *arguments: str) -> Any:
        """Run any command of the project."""
        return CliRunner().invoke(connector, [*arguments, "--project", str(self.folder)])

    def _connection(self) -> dict[str, Any]:
        ready = self.emulated.ready
        (self.folder / "secret").write_text(ready["client_secret"], encoding="utf-8")
        auth = {"flow": "client_credentials", "client_id": ready["client_id"], "client_secret": "${SF_SECRET}"}
        return {"type": "salesforce", "login_url": ready["login_url"], "auth": dict(self.auth or auth)}
