"""The schemas that the last run of a sync was planned with. The next plan reports what has changed since."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from cattrs import BaseValidationError
from cattrs.preconf.json import make_converter

from connector_sdk.contract.schema import ObjectSchema
from connector_sdk.files.private import on_disk, write_file

FILE = "schema.json"
"""The schemas of a plan, in the plan's folder."""


def write_schemas(folder: Path, schemas: Sequence[ObjectSchema]) -> None:
    """Write the schemas of a plan into the plan's folder."""
    path = folder / FILE
    write_file(path, _converter.dumps(tuple(schemas), tuple[ObjectSchema, ...]))
    on_disk(path)


def keep_schema(folder: Path, kept: Path) -> None:
    """Keep the schemas of an ended run as those of its sync. A second call changes nothing."""
    with contextlib.suppress(FileNotFoundError):
        (folder / FILE).replace(kept)


def read_schemas(kept: Path) -> Mapping[str, ObjectSchema]:
    """Return the schemas of the last run by object; none if the file is missing or cannot be read."""
    try:
        schemas = _converter.loads(kept.read_text(encoding="utf-8"), tuple[ObjectSchema, ...])
    except (OSError, ValueError, BaseValidationError):
        return {}
    return {each.name: each for each in schemas}


_converter = make_converter()
