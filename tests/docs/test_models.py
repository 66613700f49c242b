"""What the page about models shows can be read, and what it says of cells holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import fields

from connector_sdk.contract.codes import Code
from connector_sdk.project.load import load_project
from connector_sdk.project.shape import CsvShape, ModelShape
from connector_sdk.testing.reference import Store

from .console import Desk, read_page

PAGE = read_page("models.md")
SHOWN = PAGE.blocks("Models", "yaml"), PAGE.blocks("How CSV files are written", "yaml")
CELLS = [[cell.split("`")[1] for cell in row] for row in PAGE.rows("Types of CSV columns")]
"""Cells, each with a type that cannot hold it and with one that can."""


@pytest.mark.parametrize("block", [block for blocks in SHOWN for block in blocks])
def test_a_project_can_have_the_models_that_are_shown(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("connector.yml").write_text(f"version: 1\n{block}", encoding="utf-8")
    assert list(load_project("connector.yml").models) == list(yaml.safe_load(block)["models"])


@pytest.mark.parametrize(("heading", "shape"), [("Models", ModelShape), ("How CSV files are written", CsvShape)])
def test_every_key_is_explained(heading: str, shape: type) -> None:
    assert sorted(row[0].strip("`") for row in PAGE.rows(heading)) == sorted(each.name for each in fields(shape))


def make_sync(cell: int, type_: str, *, is_key: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a model with one cell of a type, and a sync that sends it."""
    columns = {"primary_key": "cell" if is_key else "id", "types": {"cell": type_}}
    match = {"field": "external_id", "column": columns["primary_key"]}
    model = {"file": f"cell{cell}.csv", **columns}
    sends = {"connection": "crm", "object": "people", "mode": "upsert", "match": match, "fields": {"name": "cell"}}
    return model, sends


def test_a_cell_is_refused_as_one_type_and_kept_as_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path, Store.at("store.db"))
    models, syncs = {}, {}
    for number, (cell, *types) in enumerate(CELLS):
        desk.rows(f"cell{number}.csv", "id,cell", f"1,{cell}")
        for end, type_ in zip(("refused", "kept"), types, strict=True):
            name = f"{end}-{number}"
            models[name], sends = make_sync(number, type_, is_key=cell == "007")
            syncs[name] = {"model": name, **sends}
    desk.project(json.dumps({"models": models, "syncs": syncs}))
    plans = json.loads(desk.connector(f"plan {' '.join(syncs)} --output json").stdout)
    found = {each["sync"]: [code["code"] for code in each["codes"]] for each in plans}
    assert len(CELLS) == 6
    assert found == {name: [Code.BAD_VALUE] if name.startswith("refused") else [] for name in syncs}
    desk.store.close()
