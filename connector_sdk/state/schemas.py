"""The schemas that the last run of a sync was planned with. The next plan reports what has changed since."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cattrs import BaseValidationError
from cattrs.preconf.json import make_converter

from connector_sdk.contract.schema import ObjectSchema
from connector_sdk.files.private import on_disk, write_file

_converter = make_converter()

FILE = "schema.json"
"""The schemas of a plan, in the plan's folder."""

_FORMER_NAMES = {"createable": "creatable", "updateable": "updatable", "nillable": "nullable"}
"""The parts of a field that were named otherwise in version 0.1."""


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
        kept_schemas = json.loads(kept.read_text(encoding="utf-8"), object_hook=_rename_parts)
        schemas = _converter.structure(kept_schemas, tuple[ObjectSchema, ...])
    except (OSError, TypeError, ValueError, BaseValidationError):
        return {}
    return {each.name: each for each in schemas}


def _rename_parts(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of kept schemas with the present names."""
    return {_FORMER_NAMES.get(name, name): value for name, value in part.items()}
