"""What the page about compatibility says of the contract is what happens."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from connector_sdk import CONTRACT, Destination, PluginError, hookimpl
from connector_sdk.contract.hookspecs import NEEDED_BY, REQUIRED, DestinationHooks
from connector_sdk.testing.reference import plugin

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "destinations"
PAGE = (FOLDER / "compatibility.md").read_text(encoding="utf-8")
RANGE = f'"connector-sdk>=0.{CONTRACT},<0.{CONTRACT + 1}"'


def with_hooks(**functions: Any) -> SimpleNamespace:
    """Return the reference plugin with other functions in the place of some of its own."""
    own = {name: getattr(plugin, name) for name in vars(DestinationHooks) if hasattr(plugin, name)}
    return SimpleNamespace(**{**own, **{name: hookimpl(each) for name, each in functions.items()}})


def of_contract(number: int) -> SimpleNamespace:
    """Return the reference plugin, written for a contract of this number."""
    found = with_hooks()
    found.destination_spec = hookimpl(lambda: evolve(plugin.destination_spec(), contract=number))
    return found


def with_a_new_hook() -> SimpleNamespace:
    def prefetch_records(connection: object) -> None: ...

    return with_hooks(prefetch_records=prefetch_records)


def with_a_new_argument() -> SimpleNamespace:
    def check_plan(
        connection: object, plan: object, options: object, replacement: object, forecast: object
    ) -> None: ...

    return with_hooks(check_plan=check_plan)


def test_a_plugin_that_does_not_fit_is_refused_in_the_words_of_the_page() -> None:
    made = [of_contract(CONTRACT - 1), of_contract(CONTRACT + 1), with_a_new_hook(), with_a_new_argument()]
    said = []
    for each in made:
        with pytest.raises(PluginError) as raised:
            Destination("notebook", each)
        said.append(f"{raised.value}\n")
    assert re.findall(r"^```text\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL) == said


def test_a_function_with_fewer_arguments_and_a_plugin_without_an_optional_hook_are_taken() -> None:
    fewer = with_hooks()
    fewer.check_plan = hookimpl(lambda plan: [])
    del fewer.recover_batch
    assert Destination("notebook", fewer).spec.contract == CONTRACT


def test_the_number_and_the_range_of_the_page_are_those_of_this_core_and_of_every_plugin_here() -> None:
    assert f"contract={CONTRACT})" in PAGE
    assert f"The number now is {CONTRACT}." in PAGE
    assert f"dependencies = [{RANGE}]" in PAGE
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)
    assert version is not None
    assert version[1].startswith(f"0.{CONTRACT}.")
    for name in ("plugins/salesforce", "plugins/salesforce_picklist", "plugins/salesforce_events"):
        assert RANGE in (ROOT / name / "pyproject.toml").read_text(), name
    assert RANGE in (ROOT / "examples" / "write_a_destination" / "pyproject.toml").read_text()


def test_the_first_page_lists_every_hook_and_says_which_are_required() -> None:
    page = (FOLDER / "index.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| \[`(\w+)`\]\S+ \| (.*?) \|", page, flags=re.MULTILINE))
    wanted = {name: "no" for name in vars(DestinationHooks) if not name.startswith("_")}
    wanted |= dict.fromkeys(REQUIRED, "yes")
    for hook in NEEDED_BY.values():
        modes = [f"`{mode}`" for mode, needed in NEEDED_BY.items() if needed == hook]
        wanted[hook] = f"for mode{'s' * (len(modes) > 1)} {' and '.join(modes)}"
    assert told == wanted


def test_the_first_page_counts_the_lines_of_the_example() -> None:
    page = (FOLDER / "index.md").read_text(encoding="utf-8")
    package = ROOT / "examples" / "write_a_destination" / "connector_notebook"
    for file, words in (("first.py", "{hooks} hooks, {lines} lines"), ("plugin.py", "{hooks} hooks, {lines} lines")):
        text = (package / file).read_text(encoding="utf-8")
        assert words.format(hooks=text.count("@hookimpl\n"), lines=len(text.splitlines())) in page


def test_the_code_of_the_first_page_and_of_the_contract_stands_in_the_example() -> None:
    package = ROOT / "examples" / "write_a_destination"
    for page, file in (("index.md", "tests/test_conformance.py"), ("compatibility.md", "connector_notebook/plugin.py")):
        text = (FOLDER / page).read_text(encoding="utf-8")
        (block,) = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
        assert block in (package / file).read_text(encoding="utf-8")
