"""The published JSON Schema of org files."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from salesforce_emulator.__main__ import main
from salesforce_emulator.org.json_schema import org_file_schema

SCHEMA: dict[str, Any] = org_file_schema()


def problems(org: dict[str, Any]) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(org)]


def test_the_published_schema_is_that_of_the_model_and_is_printed() -> None:
    # Written by: salesforce-emulator --schema > org.schema.json
    text = (resources.files("salesforce_emulator.org") / "org.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == SCHEMA
    Draft202012Validator.check_schema(SCHEMA)
    printed = CliRunner().invoke(main, ["--schema"])
    assert (printed.exit_code, printed.output) == (0, text)


def test_the_default_org_and_the_examples_of_the_manual_fit(request: pytest.FixtureRequest) -> None:
    folder = resources.files("salesforce_emulator.org") / "default"
    for file in folder.iterdir():
        assert problems({"extends": "default", **yaml.safe_load(file.read_text(encoding="utf-8"))}) == []
    manual = (request.config.rootpath / "docs/destinations/emulator.md").read_text(encoding="utf-8")
    examples = [part.partition("```")[0] for part in manual.split("```yaml\n")[1:]]
    assert len(examples) == 7
    for example in examples:
        assert problems(yaml.safe_load(example)) == []


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
