"""Run syncs of picklist values from project files, as a person does."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from attrs import frozen
from click.testing import CliRunner

from connector_sdk.cli.app import connector

from ..salesforce.emulated import Emulated

Rows = Sequence[Mapping[str, Any]]


@frozen
class Done:
    """What a command answered: its exit code, what it said, and its report where it has one."""

    exit: int
    said: str
    report: Mapping[str, Any]

    @property
    def rows(self) -> Mapping[str, int]:
        """The counts that are not zero."""
        return {name: count for name, count in self.report.get("rows", {}).items() if count}

    @property
    def actions(self) -> Mapping[str, int]:
        """What was done, or would be, where that is not nothing."""
        return {name: count for name, count in self.report.get("actions", {}).items() if count}

    @property
    def findings(self) -> list[str]:
        """The findings of a plan, as `level: message`."""
        return [f"{each['level']}: {each['message']}" for each in self.report.get("findings", [])]


@frozen
class Project:
    """A folder with one model and one sync, both named `values`: the list of `Account.Tier__c`."""

    folder: Path
    emulated: Emulated

    def sync(self, types: Mapping[str, str] | None = None, **changes: Any) -> None:
        """Write the project file; `changes` replace keys of the sync, None takes them away. `types` are those of the
        model's columns that are no text.
        """
        sync = {
            "model": "values", "connection": "crm", "object": "Account", "mode": "all",
            "match": {"field": "Tier__c", "column": "name"}, "fields": {"label": "label"},
            "guards": {"max_removed": "100%"}, **changes,
        }  # fmt: skip
        model = {"file": "values.csv", "primary_key": "name", "types": dict(types or {})}
        self.write({"values": {name: value for name, value in sync.items() if value is not None}}, {"values": model})

    def write(self, syncs: Mapping[str, Any], models: Mapping[str, Any], **more: Any) -> None:
        """Write the project file with these syncs and models."""
        connections = {"crm": self.connection("salesforce_picklist")}
        project = {"version": 1, "connections": connections, "models": dict(models), "syncs": dict(syncs), **more}
        (self.folder / "connector.yml").write_text(yaml.safe_dump(project), encoding="utf-8")

    def connection(self, type_: str) -> dict[str, Any]:
        """How to connect as a destination of a type."""
        ready = self.emulated.ready
        (self.folder / "secret").write_text(ready["client_secret"], encoding="utf-8")
        auth = {"flow": "client_credentials", "client_id": ready["client_id"], "client_secret": "${SF_SECRET}"}
        return {"type": type_, "login_url": ready["login_url"], "auth": auth}

    def model(self, *rows: Mapping[str, Any] | str) -> None:
        """Write the model; a text is a row with that name and no label."""
        full = [{"name": each, "label": None} if isinstance(each, str) else each for each in rows]
        columns = list(dict.fromkeys(["name", "label", *(column for row in full for column in row)]))
        with (self.folder / "values.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(full)

    def run(self, *arguments: str) -> Done:
        """Run the sync."""
        return self._done("run", "values", *arguments)

    def plan(self, *arguments: str) -> Done:
        """Plan the sync."""
        return self._done("plan", "values", *arguments)

    def ledger(self, run: Done) -> dict[str, dict[str, Any]]:
        """The ledger of a run by key."""
        rows = json.loads(self.invoke("rows", run.report["run"], "--output", "json").stdout)
        return {each["key"]: each for each in rows}

    def restore(self, run: Done, *arguments: str) -> Any:
        """Bring back what a run changed."""
        return self.invoke("salesforce-picklist", "restore", run.report["run"], "--output", "json", *arguments)

    def active(self, field: str = "Account.Tier__c") -> dict[str, str]:
        """The labels of the active values in the org, by API name, in order."""
        return {each["value"]: each["label"] for each in self.emulated.picklist(field) if each["active"]}

    def inactive(self, field: str = "Account.Tier__c") -> set[str]:
        """The API names of the inactive values in the org."""
        return {each["value"] for each in self.emulated.picklist(field) if not each["active"]}

    def written(self) -> dict[str, int]:
        """How often each component was written."""
        executed = self.emulated.stats()["executed"]
        kinds = ("CustomField", "GlobalValueSet", "StandardValueSet")
        return {name: times for kind in kinds for name, times in executed.get(kind, {}).items()}

    def invoke(self, *arguments: str) -> Any:
        """Run any command of the project."""
        return CliRunner().invoke(connector, [*arguments, "--project", str(self.folder)])

    def _done(self, *arguments: str) -> Done:
        result = self.invoke(*arguments, "--output", "json")
        reports = json.loads(result.stdout or "[]")
        return Done(result.exit_code, result.stderr, reports[-1] if reports else {})
