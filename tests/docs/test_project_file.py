"""The page of the project file has every key, and its examples load."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from connector_sdk import ConfigError, ConnectionConfig, FieldMapping, Match, Merge, Mode, Model, Project, Sync, load
from connector_sdk.project.checks import check_sync
from connector_sdk.project.document import read_document
from connector_sdk.project.load import load_project
from connector_sdk.project.published import project_schema
from connector_sdk.settings.references import interpolate
from connector_sdk.settings.structure import structure
from connector_sdk.testing.reference.plugin import SPEC
from docs.generated.project_file import EXAMPLE

PAGE = (Path(__file__).parents[2] / "docs" / "syncs" / "project-file.md").read_text(encoding="utf-8")


def blocks() -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def table(after: str) -> list[list[str]]:
    """Return the lines of the first table after a text of the page, without backticks."""
    found = PAGE[PAGE.index(after) + len(after) :]
    lines = re.search(r"^\|.*\n\|[-|]+\|\n((?:\|.*\n)+)", found, flags=re.MULTILINE)
    assert lines
    return [[cell.strip().replace("`", "") for cell in line.split("|")[1:-1]] for line in lines[1].splitlines()]


def keys_of(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield every key that a schema names, at any depth."""
    for name, each in schema.get("properties", {}).items():
        yield name
        yield from keys_of(each)
    for inner in (schema.get("additionalProperties"), schema.get("items"), *schema.get("anyOf", ())):
        yield from keys_of(inner) if isinstance(inner, Mapping) else ()


def test_every_key_of_the_schema_has_a_line_in_a_table() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE))
    assert set(keys_of(project_schema())) - listed == set()
    assert {"primary_key", "delimiter", "max_removed_per_day", "lock_aware", "equals"} <= listed


def test_the_complete_example_loads_and_has_every_section(tmp_path: Path) -> None:
    shown = blocks()[0]
    assert shown == EXAMPLE.read_text(encoding="utf-8")
    (tmp_path / "connector.yml").write_text(shown, encoding="utf-8")
    project = load_project(tmp_path)
    assert set(read_document(tmp_path / "connector.yml").data) == set(project_schema()["properties"])
    assert project.sequences["nightly"] == tuple(project.syncs)


def test_the_complete_example_is_one_that_salesforce_takes(tmp_path: Path) -> None:
    (tmp_path / "connector.yml").write_text(blocks()[0], encoding="utf-8")
    project, spec = load_project(tmp_path), load("salesforce").spec
    for sync in project.syncs.values():
        assert check_sync(project, sync, spec) == []
        structure(spec.options, sync.options)


def test_the_forms_of_fields_and_the_sequence_load(tmp_path: Path) -> None:
    _, fields, sequences = blocks()
    text = EXAMPLE.read_text(encoding="utf-8")
    assert sequences.splitlines()[1] in text.splitlines()
    forms = "".join(f"    {line}\n" for line in fields.splitlines())
    sync = f"syncs:\n  forms:\n    model: m\n    connection: c\n    object: Contact\n    mode: insert\n{forms}"
    models = "models: {m: {file: m.csv, primary_key: id}}\nconnections: {c: {type: salesforce}}\n"
    (tmp_path / "connector.yml").write_text(f"version: 1\n{models}{sync}", encoding="utf-8")
    first, second, third, fourth = load_project(tmp_path).syncs["forms"].fields
    assert first == FieldMapping(field="LastName", column="last_name")
    assert (second.column, second.null) == ("email", "keep")
    assert third.value == "Web"
    assert fourth.find is not None


def problems_of(mode: Mode, **changes: Any) -> list[str]:
    """Return what `check_sync` reports about a sync in a mode."""
    sync = Sync(
        name="s",
        model="m",
        connection="c",
        objects=("people",),
        mode=mode,
        fields=(FieldMapping(field="name", column="name"),),
    )
    sync = attrs.evolve(sync, match=None if mode is Mode.INSERT else Match("external_id", "id"))
    sync = attrs.evolve(sync, fields=() if mode is Mode.ARCHIVE else sync.fields)
    sync = attrs.evolve(sync, **changes)
    project = Project(
        connections={"c": ConnectionConfig("c", "reference")},
        models={"m": Model(name="m", primary_key=("id",), file="m.csv")},
        syncs={"s": sync},
    )
    return [each.message for each in check_sync(project, sync, SPEC)]


@pytest.mark.parametrize("mode", Mode)
def test_the_page_says_what_each_mode_needs(mode: Mode) -> None:
    shown = {name: rest for name, *rest in table("depends on its mode")}
    fields, match = (FieldMapping(field="name", column="name"),), Match("external_id", "id")
    assert problems_of(mode) == []

    def need(key: str, given: Any, missing: Any) -> str:
        if problems_of(mode, **{key: given}):
            return "refused"
        return "required" if problems_of(mode, **{key: missing}) else "may be left out"

    assert shown[mode][:2] == [need("match", match, None), need("fields", fields, ())]
    several = {"objects": ("people", "guests")}
    created = problems_of(mode, **several, create_in="people") == []
    assert shown[mode][2] == ("yes, with create_in" if created else "no" if problems_of(mode, **several) else "yes")
    by_id, by_child = (
        problems_of(mode, merge=each) == [] for each in (Merge("p", merge_id="q"), Merge("p", is_child="q"))
    )
    assert shown[mode][3] == ("yes" if by_id and by_child else "with is_child" if by_child else "no")


def test_a_reference_is_read_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "crm")
    monkeypatch.delenv("OTHER", raising=False)
    (tmp_path / "secret").write_text("s3cret\n", encoding="utf-8")
    written = ["${NAME}", f"${{file:{tmp_path}/secret}}", "$${", "https://${NAME}/login"]
    assert [form for form, _ in table("A secret must.")] == [
        "${NAME}", "${file:PATH}", "${keyring:SERVICE/USER}", "$${",
    ]  # fmt: skip
    assert interpolate(written, ()) == (["crm", "s3cret", "${", "https://crm/login"], [])
    assert len(interpolate("${OTHER}", ())[1]) == 1


def test_values_are_read_as_the_page_says(tmp_path: Path) -> None:
    file = tmp_path / "values.yml"
    file.write_text("[yes, no, on, off, NO, 007, 0.1, 2026-01-31, 2026-01-31T10:00:00Z]\n", encoding="utf-8")
    shown = [form for form, _ in table("rules of its own:")]
    assert shown[:4] == ["yes, no, on, off, NO", "007", "0.1", "2026-01-31, 2026-01-31T10:00:00Z"]
    assert read_document(file).data == [
        "yes", "no", "on", "off", "NO", "007", Decimal("0.1"), date(2026, 1, 31), datetime(2026, 1, 31, 10, tzinfo=UTC),
    ]  # fmt: skip
    file.write_text("a: [${A}, ${B}]\n", encoding="utf-8")
    assert read_document(file).data == {"a": ["${A}", "${B}"]}
    file.write_text("a: 1\na: 2\nb: !name x\n", encoding="utf-8")
    assert [each.line for each in read_document(file).problems] == [2, 3]


def test_a_key_that_is_not_listed_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("primary_key: person_id", "primary_kye: person_id")
    (tmp_path / "connector.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="did you mean primary_key"):
        load_project(tmp_path)
