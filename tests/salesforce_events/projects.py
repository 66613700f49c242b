"""Run syncs of platform events from project files, as a person does."""

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

EVENT = "Order_Update__e"


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
    def findings(self) -> list[str]:
        """The findings of a plan, as `level: message`."""
        return [f"{each['level']}: {each['message']}" for each in self.report.get("findings", [])]


@frozen
class Project:
    """A folder with one model and one sync, both named `orders`: an `Order_Update__e` for each order."""

    folder: Path
    emulated: Emulated

    def sync(self, types: Mapping[str, str] | None = None, **changes: Any) -> None:
        """Write the project file; `changes` replace keys of the sync, None takes them away. `types` are those of the
        model's columns that are no text.
        """
        sync = {
            "model": "orders", "connection": "bus", "object": EVENT, "mode": "insert",
            "fields": {"Order_Number__c": "id", "Status__c": "status"}, **changes,
        }  # fmt: skip
        project = {
            "version": 1,
            "connections": {"bus": self._connection()},
            "models": {"orders": {"file": "orders.csv", "primary_key": "id", "types": dict(types or {})}},
            "syncs": {"orders": {name: value for name, value in sync.items() if value is not None}},
        }
        (self.folder / "connector.yml").write_text(yaml.safe_dump(project), encoding="utf-8")

    def model(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the model; None is an empty cell."""
        with (self.folder / "orders.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(column for row in rows for column in row)))
            writer.writeheader()
            writer.writerows(rows)

    def run(self, *arguments: str) -> Done:
        """Run the sync; the first run sends all rows."""
        return self._done("run", "orders", "--first-run", "send", *arguments)

    def plan(self, *arguments: str) -> Done:
        """Plan the sync."""
        return self._done("plan", "orders", "--first-run", "send", *arguments)

    def ledger(self, run: Done) -> list[dict[str, Any]]:
        """The ledger of a run."""
        lines: list[dict[str, Any]] = json.loads(
            self.invoke("rows", run.report["run"], "--output", "json").stdout
        )  # fmt: skip
        return lines

    def published(self, event: str = EVENT) -> list[str]:
        """The order numbers, or the first texts, of what was published, in order."""
        return [next(iter(each["payload"].values())) for each in self.emulated.events(event)]

    def calls(self, path: str) -> int:
        """How often a path was posted to."""
        calls: dict[str, int] = self.emulated.stats()["calls"]
        return calls.get(f"POST /services/data/v58.0{path}", 0)

    def invoke(self, *arguments: str) -> Any:
        """Run any command of the project."""
        return CliRunner().invoke(connector, [*arguments, "--project", str(self.folder)])

    def _done(self, *arguments: str) -> Done:
        result = self.invoke(*arguments, "--output", "json")
        reports = json.loads(result.stdout or "[]")
        return Done(result.exit_code, result.stderr, reports[-1] if reports else {})

    def _connection(self) -> dict[str, Any]:
        ready = self.emulated.ready
        (self.folder / "secret").write_text(ready["client_secret"], encoding="utf-8")
        auth = {"flow": "client_credentials", "client_id": ready["client_id"], "client_secret": "${SF_SECRET}"}
        return {"type": "salesforce_events", "login_url": ready["login_url"], "auth": auth}


def orders(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Orders `first` and after it."""
    return [{"id": f"o{number:04}", "status": "open"} for number in range(first, first + count)]
