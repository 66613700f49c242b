"""Run syncs of picklist values from project files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ..salesforce.project_folder import Done, ProjectFolder


@frozen
class Project(ProjectFolder):
    """A folder with one model and one sync, both named `values`: the list of `Account.Tier__c`."""

    def sync(self, types: Mapping[str, str] | None = None, **changes: Any) -> None:
        """Write the project file; `changes` replace keys of the sync, None removes them. `types` are those of the
        model's columns that are no text.
        """
        sync = {
            "model": "values", "connection": "crm", "object": "Account", "mode": "all",
            "match": {"field": "Tier__c", "column": "name"}, "fields": {"label": "label"},
            "guards": {"max_removed": "100%"}, **changes,
        }  # fmt: skip
        model = {"file": "values.csv", "primary_key": "name", "types": dict(types or {})}
        self.write({"crm": "salesforce_picklist"}, {"values": model}, {"values": sync})

    def model(self, *rows: Mapping[str, Any] | str) -> None:
        """Write the model; a text is a row with that name and no label."""
        full = [{"name": each, "label": None} if isinstance(each, str) else each for each in rows]
        self.write_rows("values.csv", full, ("name", "label"))

    def run(self, *arguments: str) -> Done:
        """Run the sync."""
        return self.report("run", "values", *arguments)

    def plan(self, *arguments: str) -> Done:
        """Plan the sync."""
        return self.report("plan", "values", *arguments)

    def ledger(self, run: Done) -> dict[str, dict[str, Any]]:
        """Return the ledger of a run by key."""
        return {each["key"]: each for each in self.lines(run)}

    def restore(self, run: Done, *arguments: str) -> Any:
        """Bring back what a run changed."""
        return self.invoke("salesforce-picklist", "restore", run.report["run"], "--output", "json", *arguments)

    def active(self, field: str = "Account.Tier__c") -> dict[str, str]:
        """Return the labels of the active values in the org, by API name, in order."""
        return {each["value"]: each["label"] for each in self.emulated.picklist(field) if each["active"]}

    def inactive(self, field: str = "Account.Tier__c") -> set[str]:
        """Return the API names of the inactive values in the org."""
        return {each["value"] for each in self.emulated.picklist(field) if not each["active"]}

    def count_writes(self) -> dict[str, int]:
        """Return how often each component was written."""
        executed = self.emulated.stats()["executed"]
        kinds = ("CustomField", "GlobalValueSet", "StandardValueSet")
        return {name: times for kind in kinds for name, times in executed.get(kind, {}).items()}
