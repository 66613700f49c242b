"""The page of the Python API has every public name, in one place."""

from __future__ import annotations

import inspect
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

import connector_sdk
from docs.generated import api

PAGE = (Path(__file__).parents[2] / "docs" / "hosts" / "api.md").read_text(encoding="utf-8")

MODULES = (
    "run", "check", "history", "resolve", "testing.conformance", "testing.doubles", "testing.cassettes",
    "testing.crash", "testing.hostile", "testing.reference",
)  # fmt: skip

BUT = {"NoSettings"}
"""Classes that other classes need and that no host or plugin imports."""


def list_public_names(name: str) -> set[str]:
    """Return the names of a module's public functions and classes."""
    module = import_module(name)
    own = (each for each, value in vars(module).items() if getattr(value, "__module__", "") == name)
    named = getattr(module, "__all__", [each for each in own if not each.startswith("_")])
    return {
        each for each in named if inspect.isclass(getattr(module, each)) or inspect.isfunction(getattr(module, each))
    }


def test_every_name_that_connector_sdk_exports_is_on_the_page_once() -> None:
    listed = Counter(name for each in api.GROUPS if each.module == "connector_sdk" for name in each.names)
    assert set(connector_sdk.__all__) - set(listed) == set(), "put new names into GROUPS of docs/generated/api.py"
    assert set(listed) - set(connector_sdk.__all__) == set()
    assert set(listed.values()) == {1}


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_of_a_module_for_hosts_and_authors_is_on_the_page(name: str) -> None:
    module = f"connector_sdk.{name}"
    listed = {each for group in api.GROUPS if group.module == module for each in group.names}
    assert list_public_names(module) - listed - BUT == set()
    assert f"From `{module}`:" in PAGE


def test_every_name_has_a_sentence() -> None:
    for section in PAGE.split("\n### ")[1:]:
        name, _, rest = section.partition("\n")
        prose = rest.partition("\n## ")[0].split("```")[::2]
        assert any(part.strip() for part in prose), name
