"""The frozen plan of a run: the rows to send and how, on disk before anything is sent."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import cattrs
from attrs import field, frozen

from connector_sdk.contract.plan import Finding, PlanSummary
from connector_sdk.contract.report import ActionCounts, RowCounts
from connector_sdk.files.corruption import PLAN, checksum
from connector_sdk.files.private import on_disk, write_file
from connector_sdk.state.plan_file import FILE, Layout
from connector_sdk.state.records import NewBatch

_ABOUT = "plan.json"
DROPPED = "dropped.parquet"
"""The file of keys that left the model and leave the snapshot without anything being sent for them."""


@frozen
class FrozenPlan:
    """A plan whose rows lie in `folder`.

    - `fingerprints`: for each field, the number of the run that first mapped it this way, and a hash of the mapping.
    - `target`: what the plan was made for, even if the project changes later.
    - `changes_nothing`: whether the snapshot is the same after the plan as before.
    - `rekeyed`: whether known rows have a new match value. Their former records are removed if the new ones are
      accepted.
    - `former_keys`: keys of held rows that an earlier version spelled differently, with their present spelling.
    - `known`: the number of rows that were known when the plan was made.
    - `released`: the guards that would have stopped the plan and were accepted.
    - `compared`: the columns whose changes count; None in plans of earlier versions, which did not record them.
    """

    folder: Path
    summary: PlanSummary
    rows: RowCounts
    actions: ActionCounts
    created_or_updated: int
    samples: Mapping[str, tuple[Mapping[str, Any], ...]]
    findings: tuple[Finding, ...]
    fingerprints: Mapping[str, str]
    generation: int
    target: Mapping[str, str]
    changes_nothing: bool
    rekeyed: bool
    layout: Layout
    batches: tuple[NewBatch, ...]
    former_keys: Mapping[str, str] = field(factory=dict)
    known: int = 0
    released: tuple[str, ...] = ()
    compared: tuple[str, ...] | None = None

    @property
    def file(self) -> Path:
        """The file of the rows."""
        return self.folder / FILE

    @property
    def dropped(self) -> Path | None:
        """The file of keys that leave the snapshot unsent; None if there are none."""
        path = self.folder / DROPPED
        return path if path.exists() else None


def write_plan(plan: FrozenPlan) -> None:
    """Write the description of a plan beside its rows, with checksums, so that a run sends exactly what was planned.

    The description does not contain the folder, because a state folder may be moved.
    """
    about = {name: value for name, value in _converter.unstructure(plan).items() if name != "folder"}
    files = {path.name: checksum(path) for path in filter(None, (plan.file, plan.dropped))}
    text = json.dumps({"plan": about, "files": files, "checksum": _checksum(about)})
    write_file(plan.folder / _ABOUT, text)
    on_disk(*(plan.folder / each for each in (*files, _ABOUT)), plan.folder, plan.folder.parent)


def read_plan(folder: Path) -> FrozenPlan:
    """Read a plan back. Raises `RunStopped` if it is missing or has changed."""
    path = folder / _ABOUT
    with PLAN.reading(path):
        kept = json.loads(path.read_text(encoding="utf-8"))
        about, files = kept["plan"], dict(kept["files"])
        if kept["checksum"] != _checksum(about):
            raise ValueError("it is not what was written (its checksum differs)")
    for name, expected in files.items():
        with PLAN.reading(folder / name):
            if checksum(folder / name) != expected:
                raise ValueError("it is not what was written (its checksum differs)")
    try:
        return _converter.structure({**about, "folder": folder}, FrozenPlan)
    except (cattrs.BaseValidationError, LookupError, TypeError, ValueError) as error:
        raise PLAN.make_error(path, "another version made it") from error


def read_row_counts(folder: Path) -> RowCounts | None:
    """Return how many rows a plan has, from its description alone; None if that is missing."""
    try:
        kept = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        return RowCounts(**kept["plan"]["rows"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _checksum(about: object) -> int:
    return zlib.crc32(json.dumps(about).encode())


def _as_json(value: Any) -> Any:
    """Convert a sample's value to one that JSON has."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


_converter = cattrs.Converter()
_converter.register_unstructure_hook(Path, str)
_converter.register_structure_hook(Path, lambda value, _: Path(value))
_converter.register_unstructure_hook(Decimal, str)
_converter.register_unstructure_hook_func(lambda type_: type_ in (Any, date, datetime), _as_json)
