"""What the page about hosts shows can be done."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa

from connector_sdk import ConnectionConfig, Destination, FieldMapping, Match, Mode, Model, Project, RunReport, Sync
from connector_sdk.run import run
from connector_sdk.testing.reference import plugin

PAGE = (Path(__file__).parents[2] / "docs" / "hosts" / "threads.md").read_text(encoding="utf-8")


def test_the_example_runs_all_syncs_of_a_project_at_once(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    names = ("people", "guests")
    fields, match = (FieldMapping("name", column="name"),), Match("external_id", "id")
    project = Project(
        {"crm": ConnectionConfig("crm", "reference", {"path": str(tmp_path / "store.db")})},
        {"rows": Model("rows", ("id",), data=pa.table({"id": ["k1", "k2"], "name": ["Everest", "Denali"]}))},
        {name: Sync(name, "rows", "crm", (name,), Mode.UPSERT, fields=fields, match=match) for name in names},
        folder=str(tmp_path),
    )
    destinations = {"reference": Destination("reference", plugin)}

    def run_here(*arguments: Any, **asked: Any) -> tuple[RunReport, ...]:
        return run(*arguments, destinations=destinations, **asked)

    shown = example.replace("from connector_sdk.run import run\n", "")
    found: dict[str, Any] = {"project": project, "run": run_here}
    exec(compile(shown, "hosts.md", "exec"), found)
    assert [(each.sync, each.rows.succeeded) for each in found["reports"]] == [("people", 2), ("guests", 2)]
