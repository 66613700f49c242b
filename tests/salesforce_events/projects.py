"""Run syncs of platform events from project files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ..salesforce.project_folder import Done, ProjectFolder, Rows

EVENT = "Order_Update__e"


@frozen
class Project(ProjectFolder):
    """A folder with one model and one sync, both named `orders`: an `Order_Update__e` for each order."""

    def sync(self, types: Mapping[str, str] | None = None, **changes: Any) -> None:
        """Write the project file; `changes` replace keys of the sync, None removes them. `types` are those of the
        model's columns that are no text.
        """
        sync = {
            "model": "orders", "connection": "bus", "object": EVENT, "mode": "insert",
            "fields": {"Order_Number__c": "id", "Status__c": "status"}, **changes,
        }  # fmt: skip
        models = {"orders": {"file": "orders.csv", "primary_key": "id", "types": dict(types or {})}}
        self.write({"bus": "salesforce_events"}, models, {"orders": sync})

    def model(self, rows: Rows) -> None:
        """Write the model."""
        self.write_rows("orders.csv", rows)

    def run(self, *arguments: str) -> Done:
        """Run the sync; the first run sends all rows."""
        return self.report("run", "orders", "--first-run", "send", *arguments)

    def plan(self, *arguments: str) -> Done:
        """Plan the sync."""
        return self.report("plan", "orders", "--first-run", "send", *arguments)

    def read_published(self, event: str = EVENT) -> list[str]:
        """Return the order numbers, or the first texts, of the published events, in order."""
        return [next(iter(each["payload"].values())) for each in self.emulated.events(event)]

    def calls(self, path: str) -> int:
        """Return the number of POST requests to a path."""
        calls: dict[str, int] = self.emulated.stats()["calls"]
        return calls.get(f"POST /services/data/v66.0{path}", 0)


def orders(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Return `count` orders, numbered from `first`."""
    return [{"id": f"o{number:04}", "status": "open"} for number in range(first, first + count)]
