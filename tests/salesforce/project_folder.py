"""A project in a folder, driven by its commands as a person does."""

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
class Done:
    """What a command answered: its exit code, what it said, and its reports. A resumed run has a report of its own."""

    exit: int
    said: str
    reports: Sequence[Mapping[str, Any]]

    @property
    def report(self) -> Mapping[str, Any]:
        """The last report."""
        return self.reports[-1] if self.reports else {}

    @property
    def went_on(self) -> Mapping[str, Any]:
        """The report of the run that was resumed."""
        (report, _) = self.reports
        return report

    @property
    def rows(self) -> Mapping[str, int]:
        """The counts that are not zero."""
        return {name: count for name, count in self.report.get("rows", {}).items() if count}

    @property
    def actions(self) -> Mapping[str, int]:
        """The actions that were done, or would be, with their counts unless they are zero."""
        return {name: count for name, count in self.report.get("actions", {}).items() if count}

    @property
    def findings(self) -> list[str]:
        """The findings of a plan, as `level: message`."""
        return [f"{each['level']}: {each['message']}" for each in self.report.get("findings", [])]


@frozen
class ProjectFolder:
    """A folder with a project file over an emulated org. `auth` replaces the login of its connections, and
    `api_version` is set where it is given.
    """

    folder: Path
    emulated: Emulated
    auth: Mapping[str, Any] = field(factory=dict)
    api_version: str | None = None

    def write(
        self,
        connections: Mapping[str, str],
        models: Mapping[str, Any],
        syncs: Mapping[str, Mapping[str, Any]],
        **more: Any,
    ) -> None:
        """Write the project file. `connections` are the destination types by name; keys of syncs that are None are
        left out.
        """
        project = {
            "version": 1,
            "connections": {name: self._connection(type_) for name, type_ in connections.items()},
            "models": models,
            "syncs": {name: _drop_unset(sync) for name, sync in syncs.items()},
            **more,
        }
        (self.folder / "connector.yml").write_text(yaml.safe_dump(project), encoding="utf-8")

    def write_rows(self, name: str, rows: Rows, columns: Sequence[str] = ()) -> None:
        """Write a CSV file of rows, these columns first; None is an empty cell."""
        with (self.folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys([*columns, *(column for row in rows for column in row)])))
            writer.writeheader()
            writer.writerows(rows)

    def lines(self, run: Done) -> list[dict[str, Any]]:
        """Return the ledger of a run."""
        found: list[dict[str, Any]] = json.loads(self.invoke("rows", run.report["run"], "--output", "json").stdout)
        return found

    def invoke(self, *arguments: str) -> Any:
        """Run any command of the project."""
        return CliRunner().invoke(connector, [*arguments, "--project", str(self.folder)])

    def report(self, *arguments: str) -> Done:
        """Run a command that reports."""
        result = self.invoke(*arguments, "--output", "json")
        return Done(result.exit_code, result.stderr, json.loads(result.stdout or "[]"))

    def _connection(self, type_: str) -> dict[str, Any]:
        ready = self.emulated.ready
        (self.folder / "secret").write_text(ready["client_secret"], encoding="utf-8")
        auth = {"flow": "client_credentials", "client_id": ready["client_id"], "client_secret": "${SF_SECRET}"}
        version = {} if self.api_version is None else {"api_version": self.api_version}
        return {"type": type_, "login_url": ready["login_url"], "auth": dict(self.auth or auth), **version}


def _drop_unset(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}
