"""The schemas that the last run of a sync was planned with, beside its state: what changed since then is told."""

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
    """Put the schemas that a plan was made with beside it."""
    path = folder / FILE
    write_file(path, _converter.dumps(tuple(schemas), tuple[ObjectSchema, ...]))
    on_disk(path)


def keep_schema(folder: Path, kept: Path) -> None:
    """Keep the schemas of a run that has ended as those of its sync. Done twice, it is done once."""
    with contextlib.suppress(FileNotFoundError):
        (folder / FILE).replace(kept)


def read_schemas(kept: Path) -> Mapping[str, ObjectSchema]:
    """The schemas of the last run by object. A file that cannot be read says nothing."""
    try:
        schemas = _converter.loads(kept.read_text(encoding="utf-8"), tuple[ObjectSchema, ...])
    except (OSError, ValueError, BaseValidationError):
        return {}
    return {each.name: each for each in schemas}


_converter = make_converter()
