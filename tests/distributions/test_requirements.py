"""What the distributions ask for: of each other by contract, and of others within bounds that are true."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from connector_sdk import CONTRACT, Destination, load
from tests.distributions.archives import built_requirements, read_metadata
from tests.distributions.declared import (
    DEVELOPMENT,
    DISTRIBUTIONS,
    EXAMPLE,
    Distribution,
    lowest_version,
    read_pins,
)

CORE = DISTRIBUTIONS["connector-sdk"]
DESTINATIONS = {
    "salesforce": DISTRIBUTIONS["connector-salesforce"],
    "salesforce_picklist": DISTRIBUTIONS["connector-salesforce-picklist"],
    "salesforce_events": DISTRIBUTIONS["connector-salesforce-events"],
}
ALL = [*DISTRIBUTIONS.values(), EXAMPLE]
each_distribution = pytest.mark.parametrize("distribution", ALL, ids=[each.name for each in ALL])


def only_series(requirement: Requirement, series: int) -> bool:
    """Return whether a requirement allows all versions 0.`series`.x and no others."""
    outside = (f"0.{series - 1}.99", f"0.{series + 1}", "1.0")
    return (
        all(requirement.specifier.contains(f"0.{series}.{patch}") for patch in (0, 1, 99))
        and not any(map(requirement.specifier.contains, outside))
        and requirement.url is None
    )


@pytest.mark.rule("S5")
def test_the_second_number_of_the_version_of_the_core_is_its_contract(built: Path) -> None:
    version = Version(read_metadata(CORE, built)["Version"])
    assert (version.major, version.minor) == (0, CONTRACT)


@pytest.mark.rule("S5")
@pytest.mark.parametrize("type_", DESTINATIONS)
def test_a_plugin_asks_for_the_versions_of_the_core_that_have_its_contract(type_: str, built: Path) -> None:
    (needed,) = (each for each in built_requirements(DESTINATIONS[type_], built) if each.name == CORE.name)
    assert only_series(needed, load(type_).spec.contract), str(needed)


@pytest.mark.rule("S5")
def test_so_does_the_plugin_that_the_tutorial_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLE.folder)
    from connector_notebook import first, plugin

    wanted = [*EXAMPLE.dependencies, *EXAMPLE.extras["test"]]
    for module in (first, plugin):
        contract = Destination("notebook", module).spec.contract
        assert all(only_series(each, contract) for each in wanted if each.name == CORE.name)
    assert [each.name for each in wanted].count(CORE.name) == 2


@pytest.mark.rule("S5")
@pytest.mark.parametrize("type_", ["salesforce_picklist", "salesforce_events"])
def test_the_small_plugins_ask_for_the_large_one_of_their_own_series(type_: str, built: Path) -> None:
    large = DESTINATIONS["salesforce"]
    (needed,) = (each for each in built_requirements(DESTINATIONS[type_], built) if each.name == large.name)
    assert only_series(needed, Version(read_metadata(large, built)["Version"]).minor), str(needed)


@pytest.mark.rule("S6")
@each_distribution
def test_everything_that_is_asked_for_has_a_lowest_version(distribution: Distribution) -> None:
    itself = distribution.name
    wanted = [*distribution.promises, *distribution.extras.get(DEVELOPMENT, [])]
    assert [str(each) for each in wanted if lowest_version(each) is None and each.name != itself] == []


@pytest.mark.rule("S6")
def test_one_package_has_one_lowest_version_whoever_asks_for_it() -> None:
    found: dict[str, set[Version | None]] = {}
    for distribution in ALL:
        for each in distribution.promises:
            found.setdefault(canonicalize_name(each.name), set()).add(lowest_version(each))
    assert {name: versions for name, versions in found.items() if len(versions) > 1} == {}


@each_distribution
def test_the_versions_that_the_tests_run_with_are_allowed(distribution: Distribution) -> None:
    pins = read_pins()
    wanted = [*distribution.promises, *distribution.extras.get(DEVELOPMENT, [])]
    refused = [
        f"{each}, not {pins[name]}"
        for each in wanted
        if (name := canonicalize_name(each.name)) in pins and not each.specifier.contains(pins[name])
    ]
    assert refused == []


@pytest.mark.rule("S6")
def test_tools_of_the_checkout_promise_no_version_that_was_not_used() -> None:
    promised = {canonicalize_name(each.name) for distribution in ALL for each in distribution.promises}
    pins = read_pins()
    untried = {
        str(each): str(pins[name])
        for each in CORE.extras[DEVELOPMENT]
        if (name := canonicalize_name(each.name)) not in promised
        and pins[name].release[: len(_lowest(each).release)] != _lowest(each).release
    }
    assert untried == {}


def _lowest(requirement: Requirement) -> Version:
    version = lowest_version(requirement)
    assert version is not None
    return version


def test_everything_that_an_installation_for_development_brings_is_pinned() -> None:
    assert sorted(set(list_installed_packages()) - set(read_pins()) - set(DISTRIBUTIONS)) == []


def list_installed_packages() -> Iterator[str]:
    """Yield the names of all packages that `make install` installs, from the metadata of the installed packages."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(name, frozenset({DEVELOPMENT} if name == CORE.name else ())) for name in DISTRIBUTIONS]
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        yield name
        waiting += [(canonicalize_name(each.name), frozenset(each.extras)) for each in read_requirements(name, extras)]


def read_requirements(name: str, extras: frozenset[str]) -> list[Requirement]:
    """Return what an installed package requires on this machine; nothing if it is not installed."""
    try:
        listed = [Requirement(each) for each in requires(name) or ()]
    except PackageNotFoundError:
        return []
    return [
        each
        for each in listed
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("", *extras))
    ]
