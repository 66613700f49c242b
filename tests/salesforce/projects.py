"""Run real syncs of records from project files."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from attrs import frozen

from .project_folder import Done, ProjectFolder, Rows


@frozen
class Project(ProjectFolder):
    """A folder with one model and one sync, both named `contacts`."""

    def sync(self, **changes: Any) -> None:
        """Write the project file; `changes` replace keys of the sync, None takes them away."""
        sync = {
            "model": "contacts", "connection": "crm", "object": "Contact", "mode": "upsert",
            "match": {"field": "External_Id__c", "column": "id"}, "fields": {"LastName": "last", "Email": "email"},
            **changes,
        }  # fmt: skip
        models = {"contacts": {"file": "contacts.csv", "primary_key": "id"}}
        self.write({"crm": "salesforce"}, models, {"contacts": sync})

    def model(self, rows: Rows) -> None:
        """Write the model."""
        self.write_rows("contacts.csv", rows)

    def typed_model(self, rows: pa.Table) -> None:
        """Write the model as a file whose columns have types."""
        pq.write_table(rows, self.folder / "contacts.parquet")
        path = self.folder / "connector.yml"
        document = yaml.safe_load(path.read_text())
        document["models"]["contacts"]["file"] = "contacts.parquet"
        path.write_text(yaml.safe_dump(document))

    def bodies(self, run: Done) -> str:
        """Return the bodies of all calls of a run that wrote."""
        made = json.loads(self.invoke("calls", run.report["run"], "--output", "json").stdout)
        return "\n".join(each["request_body"] for each in made if each["method"] != "GET")

    def run(self, *arguments: str) -> Done:
        """Run the sync."""
        return self.report("run", "contacts", *arguments)

    def ledger(self, run: Done) -> dict[str, dict[str, Any]]:
        """Return the ledger of a run by key."""
        return {each["key"]: each for each in self.lines(run)}
