"""The schemas that a run keeps for the next one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector_sdk import Convertible, Field, FieldType, Locking, Mode, ObjectSchema
from connector_sdk.state.schemas import FILE, keep_schema, read_schemas, write_schemas

FORMER = """[{
  "name": "people", "label": "People", "modes": ["upsert"], "mergeable": true, "absent": "hidden", "not_fields": {},
  "becomes": ["guests"], "shared_key_advice": "x", "entries": "records",
  "fields": [{
    "name": "age", "type": "integer", "label": "Age", "createable": false, "updateable": false, "nillable": false,
    "significant": null, "locks": true, "not_beside": {}, "not_writable": {"insert": "no"}, "equality": []
  }]
}]"""
"""Schemas as version 0.1 kept them."""


def test_schemas_are_read_as_they_were_written(tmp_path: Path) -> None:
    schema = ObjectSchema(
        name="people", label="People", fields=(Field(name="age", type=FieldType.FLOAT, nullable=False),),
        modes=frozenset({Mode.UPSERT}), convertible=Convertible(("guests",), "x"), locking=Locking(frozenset({"age"})),
    )  # fmt: skip
    write_schemas(tmp_path, [schema])
    keep_schema(tmp_path, tmp_path / "kept.json")
    assert not (tmp_path / FILE).exists()
    assert read_schemas(tmp_path / "kept.json") == {"people": schema}


def test_schemas_that_version_0_1_kept_are_read_with_the_present_names(tmp_path: Path) -> None:
    (tmp_path / "kept.json").write_text(FORMER)
    (field,) = read_schemas(tmp_path / "kept.json")["people"].fields
    assert (field.creatable, field.updatable, field.nullable) == (False, False, False)
    assert field.not_writable == {Mode.INSERT: "no"}


@pytest.mark.parametrize("text", ["", "{", "7", json.dumps([{"name": "people"}]), "[[1]]"])
def test_schemas_that_cannot_be_read_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "kept.json").write_text(text)
    assert read_schemas(tmp_path / "kept.json") == {}
    assert read_schemas(tmp_path / "missing.json") == {}
