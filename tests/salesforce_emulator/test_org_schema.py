"""The published JSON Schema of org files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from salesforce_emulator.__main__ import main
from salesforce_emulator.org.json_schema import org_file_schema

SCHEMA: dict[str, Any] = org_file_schema()
MANUAL = Path(__file__).parents[2] / "docs" / "destinations"
PAGES = [MANUAL / "emulator.md", *sorted((MANUAL / "emulator").glob("*.md"))]


def problems(org: dict[str, Any]) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(org)]


def test_the_published_schema_is_that_of_the_model_and_is_printed() -> None:
    # Written by: salesforce-emulator --schema > org.schema.json
    text = (resources.files("salesforce_emulator.org") / "org.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == SCHEMA
    Draft202012Validator.check_schema(SCHEMA)
    printed = CliRunner().invoke(main, ["--schema"])
    assert (printed.exit_code, printed.output) == (0, text)


def test_the_default_org_and_the_examples_of_the_manual_fit() -> None:
    folder = resources.files("salesforce_emulator.org") / "default"
    for file in folder.iterdir():
        assert problems({"extends": "default", **yaml.safe_load(file.read_text(encoding="utf-8"))}) == []
    examples = [part.partition("```")[0] for part in manual().split("```yaml\n")[1:]]
    orgs = [yaml.safe_load(each) for each in examples if each.startswith("extends:")]
    assert len(orgs) == 7
    for org in orgs:
        assert problems(org) == []


def test_every_key_of_an_org_file_is_in_the_manual() -> None:
    code = [*re.findall(r"```yaml\n(.*?)```", manual(), flags=re.DOTALL), *re.findall(r"`([^`\n]+)`", manual())]
    assert sorted(keys_of(SCHEMA) - set(re.findall(r"\w+", " ".join(code)))) == []


def manual() -> str:
    """Return all pages of the manual about the emulator."""
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def keys_of(schema: Any) -> set[str]:
    """Return the names of all keys that a schema knows."""
    return set(_keys_of(schema))


def _keys_of(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _keys_of(each)


@pytest.mark.parametrize(
    "org",
    [
        {"name": "without the keys that an org of its own needs"},
        {"extends": "other"},
        {"extends": "default", "lock": True},
        {"extends": "default", "locks": {"hold": "long"}},
        {"extends": "default", "objects": {"Contact": {"fields": {"A__c": {"type": "nonsense"}}}}},
        {"extends": "default", "objects": {"Contact": {"fields": {"A__c": {"type": "string", "size": 5}}}}},
        {"extends": "default", "objects": {"Contact": {"validationRules": [{"name": "R"}]}}},
        {"extends": "default", "permissions": {"user": {"fields": {"Contact.Email": "write"}}}},
    ],
)
def test_what_an_org_file_may_not_say_does_not_fit(org: dict[str, Any]) -> None:
    assert problems(org) != []


def test_whatever_the_default_org_has_may_be_removed() -> None:
    org = {"extends": "default", "locks": True, "objects": {"Lead": None, "Contact": {"fields": {"Title": None}}}}
    assert problems(org) == []
