"""The page of the hooks names each one as it is, and the examples of their docstrings fit together."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pyarrow as pa
import pytest

import connector_sdk
from connector_sdk import Destination, PluginError
from connector_sdk.contract.hookspecs import DestinationHooks
from connector_sdk.contract.observer_hooks import ObserverHooks
from connector_sdk.hooks.observers import Observers

PAGE = Path(__file__).parents[2] / "docs" / "destinations" / "hooks.md"


def hooks_of(contract: type) -> list[Any]:
    return [each for each in vars(contract).values() if inspect.isfunction(each)]


HOOKS = [*hooks_of(DestinationHooks), *hooks_of(ObserverHooks)]
"""All hooks, in the order of the contract."""


def name(hook: Any) -> str:
    return str(hook.__name__)


def signature(hook: Any) -> str:
    arguments = [each for each in inspect.signature(hook).parameters if each != "self"]
    return f"{name(hook)}({', '.join(arguments)})"


def sections() -> dict[str, str]:
    """Return the text below each heading of a hook."""
    parts = re.split(r"^#+ ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = (re.fullmatch(r"`(\w+\(.*\))`\n(.*)", part, flags=re.DOTALL) for part in parts)
    return {each[1]: each[2] for each in found if each}


def example(hook: Any) -> str:
    """Return the example in a hook's docstring."""
    text = inspect.getdoc(hook) or ""
    return text[text.index("@hookimpl") :]


def execute_examples(contract: type) -> dict[str, Any]:
    """Execute the examples of all hooks of a contract as one module, and return the hooks by name."""
    words = {each: getattr(connector_sdk, each) for each in connector_sdk.__all__}
    settings = {each: attrs.make_class(each, []) for each in ("Config", "Options")}
    module: dict[str, Any] = {**words, **settings, "pa": pa}
    for hook in hooks_of(contract):
        exec(compile(example(hook), f"docstring of {name(hook)}", "exec"), module)
    return {name(hook): module[name(hook)] for hook in hooks_of(contract)}


def test_every_hook_has_a_heading_with_its_exact_signature_in_the_order_of_the_contract() -> None:
    assert list(sections()) == [signature(hook) for hook in HOOKS]


@pytest.mark.parametrize("hook", hooks_of(DestinationHooks), ids=name)
def test_the_page_says_of_a_hook_who_calls_it_what_it_answers_what_it_may_raise_and_how_the_core_reads_it(
    hook: Any,
) -> None:
    leads = re.findall(r"^- \*\*([\w ]+)\*\*", sections()[signature(hook)], flags=re.MULTILINE)
    assert [each for each in leads if each != "Rules"] == ["Called", "Answers", "May raise", "The core", "Example"]


@pytest.mark.parametrize("hook", hooks_of(ObserverHooks), ids=name)
def test_the_page_says_of_an_observed_event_when_it_is_called_and_what_it_gets(hook: Any) -> None:
    leads = re.findall(r"^- \*\*([\w ]+)\*\*", sections()[signature(hook)], flags=re.MULTILINE)
    assert leads == ["Called", "Gets", "Example"]


@pytest.mark.parametrize("hook", HOOKS, ids=name)
def test_the_example_of_a_docstring_compiles_and_is_not_repeated_on_the_page(hook: Any) -> None:
    code = example(hook)
    compile(code, f"docstring of {name(hook)}", "exec")
    assert f"def {name(hook)}(" in code
    assert max(code.splitlines()[2:], key=len).strip() not in PAGE.read_text(encoding="utf-8")


def test_the_examples_of_the_docstrings_together_are_a_destination() -> None:
    destination = Destination("ledger", SimpleNamespace(**execute_examples(DestinationHooks)))
    assert destination.spec.name == "ledger"


def test_the_examples_of_the_docstrings_together_are_an_observer() -> None:
    Observers([SimpleNamespace(**execute_examples(ObserverHooks))])


def test_an_example_with_another_argument_would_be_noticed() -> None:
    def match(connection: object, weather: object) -> None: ...

    wrong = {**execute_examples(DestinationHooks), "match": connector_sdk.hookimpl(match)}
    with pytest.raises(PluginError, match="weather"):
        Destination("ledger", SimpleNamespace(**wrong))
