"""The schema that the last run of a sync was planned with, beside its state: what changed since then is told."""

from __future__ import annotations

import contextlib
from pathlib import Path

from cattrs import BaseValidationError
from cattrs.preconf.json import make_converter

from connector_sdk.schema import ObjectSchema
from connector_sdk.state.folder import on_disk

FILE = "schema.json"
"""The schema of a plan, in the plan's folder."""


def write_schema(folder: Path, schema: ObjectSchema) -> None:
    """Put the schema that a plan was made with beside it."""
    path = folder / FILE
    path.write_text(_converter.dumps(schema), encoding="utf-8")
    on_disk(path)


def keep_schema(folder: Path, kept: Path) -> None:
    """Keep the schema of a run that has ended as that of its sync. Done twice, it is done once."""
    with contextlib.suppress(FileNotFoundError):
        (folder / FILE).replace(kept)


def read_schema(kept: Path, object_name: str) -> ObjectSchema | None:
    """The schema of the last run, None without one. A file that cannot be read, or of another object, says nothing."""
    try:
        schema = _converter.loads(kept.read_text(encoding="utf-8"), ObjectSchema)
    except (OSError, ValueError, BaseValidationError):
        return None
    return schema if schema.name == object_name else None


_converter = make_converter()
