"""A project that was made in Python is checked as its file would be, and with the same words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa
import pytest

import connector_sdk as sdk
from connector_sdk import (
    ConfigError,
    CsvForm,
    Find,
    Mode,
    OnHeld,
    OnNull,
    Project,
    Removal,
    Sync,
)
from connector_sdk.check import check
from connector_sdk.history import runs
from connector_sdk.lifecycle.connect import open_connection
from connector_sdk.project.load import load_project
from connector_sdk.project.made import verify_project
from connector_sdk.run import plan

from .conftest import DESTINATIONS, Host

# The classes without types, for calls that a type checker would refuse.
FieldMapping: Any = sdk.FieldMapping
DeliveryOptions: Any = sdk.DeliveryOptions
ConnectionConfig: Any = sdk.ConnectionConfig
Guards: Any = sdk.Guards
Keep: Any = sdk.Keep
Match: Any = sdk.Match
Merge: Any = sdk.Merge
Model: Any = sdk.Model
evolve: Any = attrs.evolve

Refused = Callable[..., dict[str, str]]

IN_YAML = """\
version: 1
connections: {crm: {type: reference, path: store.db}}
models:
  people: {file: people.csv, primary_key: k}
syncs:
  people:
    model: people
    connection: crm
    object: people
    mode: MODE
    match: {field: external_id, column: k}
    fields: {name: SOURCE}
    guards: {max_removed: LIMIT}
    options: {batch_size: SIZE}
"""


@pytest.mark.rule("V10")
def test_a_field_without_a_source_is_refused_and_never_none_in_a_record(host: Host, refused: Refused) -> None:
    found = refused(host.of_sync(fields=(FieldMapping(field="name"),)))
    assert found == {"syncs.people.fields.name": "must be exactly one of {column} | {value} | {find, equals}"}


@pytest.mark.rule("V10")
@pytest.mark.parametrize(
    "mapping",
    [
        FieldMapping(field="name", column="n", value="Ann"),
        FieldMapping(field="name", column="n", find=Find("people", "k")),
        FieldMapping(field="name", value="Ann", find=Find("people", "k")),
        FieldMapping(field="name", column="n", value="Ann", find=Find("people", "k")),
        FieldMapping(field="name", value="Ann", truncate=True),
        FieldMapping(field="name", find=Find("people", "k"), round=True),
    ],
)
def test_two_sources_of_a_field_are_refused(host: Host, refused: Refused, mapping: sdk.FieldMapping) -> None:
    found = refused(host.of_sync(fields=(mapping,)))
    assert found
    assert all(place.startswith("syncs.people.fields.name") for place in found)


@pytest.mark.rule("V10")
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "none is given"),
        ({"file": "people.csv", "data": pa.table({"k": ["1"]})}, "file and data are given"),
        ({"sql": "select 1", "data": pa.table({"k": ["1"]})}, "sql and data are given"),
        ({"file": "people.csv", "sql": "select 1"}, "file and sql are given"),
    ],
)
def test_a_model_lies_in_exactly_one_place(host: Host, refused: Refused, given: dict[str, Any], told: str) -> None:
    found = refused(host.project(models={"people": Model(name="people", primary_key=("k",), **given)}))
    assert found == {"models.people": f"a model has one of file, sql, data; {told}"}


WRONG_SYNCS: dict[str, tuple[dict[str, Any], str]] = {
    "a mode that is none": ({"mode": "upsrt"}, "syncs.people.mode"),
    "a mode as a number": ({"mode": 1}, "syncs.people.mode"),
    "a removal that is none": ({"on_removed": "drop"}, "syncs.people.on_removed"),
    "a removal in the place of a mode": ({"mode": Removal.CLEAR}, "syncs.people.mode"),
    "held rows as a flag": ({"on_held": True}, "syncs.people.on_held"),
    "objects as one text": ({"objects": "people"}, "syncs.people.object"),
    "no object": ({"objects": ()}, "syncs.people.object"),
    "objects as a set": ({"objects": {"people"}}, "syncs.people.object"),
    "a match as a pair": ({"match": ("external_id", "k")}, "syncs.people.match"),
    "a match as a mapping": ({"match": {"field": "external_id", "column": "k"}}, "syncs.people.match"),
    "a match by a number": ({"match": Match("external_id", 5)}, "syncs.people.match.column"),
    "fields as text": ({"fields": "name"}, "syncs.people.fields"),
    "fields as a mapping": ({"fields": {"name": "n"}}, "syncs.people.fields"),
    "fields as a generator": (
        {"fields": (each for each in [FieldMapping(field="name", column="n")])},
        "syncs.people.fields",
    ),
    "a field as text": ({"fields": ("name",)}, "syncs.people.fields.0"),
    "a field without a name": (
        {"fields": (FieldMapping(field=None, column="n"),)},
        "syncs.people.fields.0.field",
    ),
    "a field twice": (
        {"fields": (FieldMapping(field="name", column="n"), FieldMapping(field="name", value="x"))},
        "syncs.people.fields.name",
    ),
    "a column as a number": (
        {"fields": (FieldMapping(field="name", column=3),)},
        "syncs.people.fields.name.column",
    ),
    "a constant as a list": (
        {"fields": (FieldMapping(field="name", value=["x"]),)},
        "syncs.people.fields.name.value",
    ),
    "a null that is none": (
        {"fields": (FieldMapping(field="name", column="n", null="leave"),)},
        "syncs.people.fields.name.null",
    ),
    "a flag in words": (
        {"fields": (FieldMapping(field="name", column="n", truncate="yes"),)},
        "syncs.people.fields.name.truncate",
    ),
    "a search as text": (
        {"fields": (FieldMapping(field="name", find="people"),)},
        "syncs.people.fields.name.find",
    ),
    "no guards": ({"guards": None}, "syncs.people.guards"),
    "a limit as a fraction": ({"guards": Guards(max_removed=0.1)}, "syncs.people.guards.max_removed"),
    "a limit below none": ({"guards": Guards(min_rows=-1)}, "syncs.people.guards.min_rows"),
    "a limit in words": ({"guards": Guards(max_changed="ten")}, "syncs.people.guards.max_changed"),
    "a size in words": (
        {"delivery": DeliveryOptions(batch_size="10")},
        "syncs.people.options.batch_size",
    ),
    "codes as one text": (
        {"delivery": DeliveryOptions(retry_codes="BUSY")},
        "syncs.people.options.retry_codes",
    ),
    "an option said twice": (
        {"delivery": DeliveryOptions(batch_size=5), "options": {"batch_size": 6}},
        "syncs.people.options.batch_size",
    ),
    "options as a list": ({"options": ["api"]}, "syncs.people.options"),
    "an unknown model": ({"model": "persons"}, "syncs.people.model"),
    "a connection as an object": ({"connection": object()}, "syncs.people.connection"),
    "a merge as text": ({"merge": "k"}, "syncs.people.merge"),
    "a merge by a number": ({"merge": Merge(3)}, "syncs.people.merge.shared_id"),
    "another name": ({"name": "persons"}, "syncs.people.name"),
}


@pytest.mark.rule("V10")
@pytest.mark.parametrize("case", WRONG_SYNCS)
def test_a_wrong_part_of_a_sync_is_refused_with_its_place(host: Host, refused: Refused, case: str) -> None:
    parts, place = WRONG_SYNCS[case]
    assert list(refused(host.of_sync(**parts))) == [place]


LEFT = FieldMapping(field="name", column="n", null="leave")
MODEL = Model(name="people", primary_key=("k",), file="people.csv")
WRONG_PROJECTS: dict[str, tuple[dict[str, Any], str]] = {
    "models as a list": ({"models": [MODEL]}, "models"),
    "a model as text": ({"models": {"people": "people.csv"}}, "models.people"),
    "a key as one text": ({"models": {"people": evolve(MODEL, primary_key="k")}}, "models.people.primary_key"),
    "no key": ({"models": {"people": evolve(MODEL, primary_key=())}}, "models.people.primary_key"),
    "a key twice": ({"models": {"people": evolve(MODEL, primary_key=("k", "k"))}}, "models.people.primary_key"),
    "types as a list": ({"models": {"people": evolve(MODEL, types=["INT"])}}, "models.people.types"),
    "a type as a class": ({"models": {"people": evolve(MODEL, types={"k": int})}}, "models.people.types.k"),
    "a form as text": ({"models": {"people": evolve(MODEL, csv=";")}}, "models.people.csv"),
    "two delimiters": (
        {"models": {"people": evolve(MODEL, csv=CsvForm(delimiter=";;"))}},
        "models.people.csv.delimiter",
    ),
    "a folder as a number": ({"models": {"people": evolve(MODEL, folder=1)}}, "models.people.folder"),
    "a connection as a mapping": ({"connections": {"crm": {"type": "reference"}}}, "connections.crm"),
    "settings as text": (
        {"connections": {"crm": ConnectionConfig("crm", "reference", "x")}},
        "connections.crm.settings",
    ),
    "a type as a number": ({"connections": {"crm": ConnectionConfig("crm", 5)}}, "connections.crm.type"),
    "a sync in capitals": (
        {
            "syncs": {
                "People": Sync(name="People", model="people", connection="crm", objects=("people",), mode=Mode.INSERT)
            }
        },
        "syncs.People",
    ),
    "a sequence as text": ({"sequences": {"nightly": "people"}}, "sequences.nightly"),
    "a sequence of nothing": ({"sequences": {"nightly": ()}}, "sequences.nightly"),
    "a sequence of what is not there": ({"sequences": {"nightly": ("peple",)}}, "sequences.nightly.0"),
    "keeping for days in words": ({"keep": Keep("a week")}, "keep.days"),
    "keeping for less than none": ({"keep": Keep(-1)}, "keep.days"),
    "no folder": ({"folder": None}, "folder"),
}


@pytest.mark.rule("V10")
@pytest.mark.parametrize("case", WRONG_PROJECTS)
def test_a_wrong_part_of_a_project_is_refused_with_its_place(host: Host, case: str) -> None:
    parts, place = WRONG_PROJECTS[case]
    with pytest.raises(ConfigError) as raised:
        host.run(host.project(**parts))
    assert [".".join(map(str, each.path)) for each in raised.value.problems] == [place]
    assert host.names == []


def test_all_problems_of_all_parts_are_told_at_once(host: Host, refused: Refused) -> None:
    project = host.project(
        models={"people": Model(name="people", primary_key="k")},
        syncs={
            "people": host.sync(
                mode="upsrt", match="k", fields=(FieldMapping(field="name"), FieldMapping(field="about", column=1))
            )
        },
        keep=Keep(days="7"),
    )
    found = refused(project, accept="max_removed", first_run="sned", observers=[object()])
    assert set(found) == {
        "models.people.primary_key", "syncs.people.mode", "syncs.people.match", "syncs.people.fields.name",
        "syncs.people.fields.about.column", "keep.days", "accept", "first_run", "observers.0",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "source", "limit", "size", "parts"),
    [
        ("upsrt", "n", "10%", "5", {"mode": "upsrt"}),
        ("upsert", "{}", "10%", "5", {"fields": (FieldMapping(field="name"),)}),
        (
            "upsert", "{column: n, value: x}", "10%", "5",
            {"fields": (FieldMapping(field="name", column="n", value="x"),)},
        ),
        ("upsert", "{column: n, null: leave}", "10%", "5", {"fields": (LEFT,)}),
        ("upsert", "n", "ten", "5", {"guards": Guards(max_removed="ten")}),
        ("upsert", "n", "10%", "'5'", {"delivery": DeliveryOptions(batch_size="5")}),
    ],
)  # fmt: skip
def test_the_words_are_those_for_a_file(
    host: Host, tmp_path: Path, mode: str, source: str, limit: str, size: str, parts: dict[str, Any]
) -> None:
    text = IN_YAML.replace("MODE", mode).replace("SOURCE", source).replace("LIMIT", limit).replace("SIZE", size)
    (tmp_path / "connector.yml").write_text(text)
    with pytest.raises(ConfigError) as in_file:
        load_project(tmp_path)
    with pytest.raises(ConfigError) as in_python:
        verify_project(host.of_sync(**parts))
    said = [(each.path, each.message, each.hint) for each in in_file.value.problems]
    assert [(each.path, each.message, each.hint) for each in in_python.value.problems] == said


def test_what_a_file_may_say_in_words_python_may_too(host: Host) -> None:
    sync = host.sync(
        mode="upsert", objects=["people"], on_removed="delete", on_held="ignore",
        fields=[FieldMapping(field="name", column="n", null="keep")], options={"batch_size": 7},
    )  # fmt: skip
    (read,) = verify_project(host.project(syncs={"people": sync})).syncs.values()
    assert read == host.sync(
        on_removed=Removal.DELETE,
        on_held=OnHeld.IGNORE,
        fields=(FieldMapping(field="name", column="n", null=OnNull.KEEP),),
        delivery=DeliveryOptions(batch_size=7),
    )
    assert read.mode is Mode.UPSERT
    host.run(host.project(syncs={"people": sync}))
    assert host.names == ["Ann", "Bo"]


def test_a_sound_project_is_read_as_it_is(host: Host) -> None:
    fields = (
        FieldMapping(field="name", column="n", truncate=True),
        *(
            FieldMapping(field=f"f{at}", value=value)
            for at, value in enumerate(("", 1, True, Decimal("1.50"), date(2026, 1, 31)))
        ),
        FieldMapping(field="boss", find=Find("people", "k", "external_id"), null=OnNull.KEEP),
        FieldMapping(field="writer", find=Find(("people", "guests"), "k", None, {"tier": "Gold"})),
    )
    sync = host.sync(
        fields=fields, guards=Guards(max_removed=None, min_rows=None), merge=Merge("k", is_child="n"), options={"x": 1}
    )
    project = host.project(syncs={"people": sync}, sequences={"all": ("people",)}, keep=Keep(3, 4))
    assert verify_project(project) == project


def test_a_path_is_taken_where_a_file_is_named(host: Host, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("k,n\nk1,Ann\n")
    model = Model(name="people", primary_key=("k",), file=Path("people.csv"), folder=tmp_path)
    host.run(host.project(models={"people": model}, folder=tmp_path), state=str(tmp_path / "state"))
    assert host.names == ["Ann"]
    assert (tmp_path / "state").exists()


def test_a_project_from_a_file_that_a_host_changed_is_checked_again(host: Host, tmp_path: Path) -> None:
    text = IN_YAML.replace("MODE", "upsert").replace("SOURCE", "n").replace("LIMIT", "10%").replace("SIZE", "5")
    (tmp_path / "connector.yml").write_text(text)
    loaded = load_project(tmp_path)
    assert verify_project(loaded) is loaded
    broken = evolve(loaded, syncs={"people": evolve(loaded.syncs["people"], fields=(FieldMapping(field="name"),))})
    with pytest.raises(ConfigError, match=r"syncs\.people\.fields\.name: must be exactly one of"):
        host.run(broken)


@pytest.mark.rule("V10")
@pytest.mark.parametrize("entrance", ["plan", "check", "open_connection"])
def test_every_call_of_a_host_checks_its_project(host: Host, entrance: str) -> None:
    project = host.of_sync(fields=(FieldMapping(field="name"),))

    def connect() -> None:
        with open_connection(project, "crm", destinations=DESTINATIONS):
            pass

    calls: dict[str, Callable[[], object]] = {
        "plan": lambda: plan(project, "people", destinations=DESTINATIONS),
        "check": lambda: check(project, destinations=DESTINATIONS),
        "open_connection": connect,
    }
    with pytest.raises(ConfigError, match=r"syncs\.people\.fields\.name: must be exactly one of"):
        calls[entrance]()


def test_looking_back_is_possible_while_a_project_has_mistakes(host: Host) -> None:
    host.run(host.project())
    (report,) = runs(host.of_sync(fields=(FieldMapping(field="name"),)))
    assert report.rows.succeeded == 2
    with pytest.raises(ConfigError, match="project: must be a Project or an Outline, not text"):
        runs("connector.yml")  # type: ignore[arg-type]


def test_what_is_no_project_is_refused(refused: Refused) -> None:
    assert refused("connector.yml") == {"project": "must be a Project, not text"}
    assert refused(Project) == {"project": "must be a Project, not a type"}
