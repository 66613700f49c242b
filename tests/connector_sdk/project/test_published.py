from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import yaml
from attrs import evolve, frozen

from connector_sdk import DestinationSpec, Secret
from connector_sdk.project.published import project_schema
from tests.connector_sdk.project.conftest import EXAMPLE


def accepts(schema: dict[str, object], text: str) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(yaml.safe_load(text)))


def test_the_published_schema_takes_the_example_and_refuses_an_unknown_key() -> None:
    schema = project_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    example = EXAMPLE.replace("null: keep", '"null": keep')
    assert accepts(schema, example)
    assert not accepts(schema, example.replace("on_removed", "on_remove"))
    assert json.loads(json.dumps(schema))["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_key_is_described_for_the_editor() -> None:
    properties = project_schema()["properties"]
    sync = properties["syncs"]["additionalProperties"]["properties"]
    assert all(each.get("description") for each in (*properties.values(), *sync.values()))


def test_the_settings_of_a_destination_complete_its_connections(spec: DestinationSpec) -> None:
    @frozen
    class Config:
        token: Secret

    schema = project_schema([("ledger", evolve(spec, config=Config))])
    start = "version: 1\nconnections:\n  crm: "
    assert accepts(schema, start + '{type: ledger, token: "${TOKEN}"}')
    assert not accepts(schema, start + "{type: ledger, token: in-clear}")
    assert not accepts(schema, start + "{type: ledger}")
    assert accepts(schema, start + "{type: other, anything: 1}")


def test_the_quickstart_fits_the_published_schema() -> None:
    quickstart = Path(__file__).parents[3] / "examples" / "quickstart" / "connector.yml"
    assert accepts(project_schema(), quickstart.read_text().replace("null: keep", '"null": keep'))
