"""What the distributions of this checkout declare: names, dependencies, and the Pythons that are promised."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
DEVELOPMENT = "dev"
"""The extra for people who work on this checkout; it is no part of what is promised."""

_PYTHON = "Programming Language :: Python :: "


@frozen
class Distribution:
    """A distribution: its folder, its one package, and what its `pyproject.toml` declares."""

    folder: Path
    package: Path
    project: Mapping[str, Any]
    build_requires: list[Requirement]

    @property
    def name(self) -> str:
        """The name, as an index spells it."""
        return canonicalize_name(self.project["name"])

    @property
    def extras(self) -> Mapping[str, list[Requirement]]:
        """What each extra brings."""
        declared = self.project.get("optional-dependencies", {})
        return {extra: [Requirement(each) for each in listed] for extra, listed in declared.items()}

    @property
    def dependencies(self) -> list[Requirement]:
        """What an installation without extras brings."""
        return [Requirement(each) for each in self.project["dependencies"]]

    @property
    def public_extras(self) -> list[str]:
        """The extras that users may ask for."""
        return [extra for extra in self.extras if extra != DEVELOPMENT]

    @property
    def promises(self) -> list[Requirement]:
        """Every requirement that users may meet: of an installation, of the extras, of a build."""
        extras = (each for extra in self.public_extras for each in self.extras[extra])
        return [*self.dependencies, *extras, *self.build_requires]


def read_distribution(folder: Path) -> Distribution:
    """Return what the `pyproject.toml` of a folder declares."""
    declared = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    (package,) = declared["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    build_requires = [Requirement(each) for each in declared["build-system"]["requires"]]
    return Distribution(folder, folder / package, declared["project"], build_requires)


_PLUGINS = ("salesforce", "salesforce_picklist", "salesforce_events", "salesforce_emulator")
DISTRIBUTIONS = {
    each.name: each for each in map(read_distribution, (ROOT, *(ROOT / "plugins" / plugin for plugin in _PLUGINS)))
}
"""All distributions by name; each stands behind those that it needs."""

EXAMPLE = read_distribution(ROOT / "examples" / "write_a_destination")
"""The distribution that the tutorial makes."""


def promised_pythons() -> list[str]:
    """Return the Pythons that the core's classifiers name, such as `3.11`."""
    named = (each.removeprefix(_PYTHON) for each in DISTRIBUTIONS["connector-sdk"].project["classifiers"])
    return [each for each in named if each.startswith("3.")]


def read_pins() -> dict[str, Version]:
    """Return the versions that the tests run with, by name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): Version(version) for name, version in pins}


def lowest_version(requirement: Requirement) -> Version | None:
    """Return the lowest version that a requirement allows, None where it has no lower bound."""
    bounds = [Version(each.version) for each in requirement.specifier if each.operator in (">=", "==")]
    return max(bounds, default=None)


def lowest_versions(python: str) -> dict[str, Version]:
    """Return the lowest version of every dependency that all distributions allow on a Python, by name."""
    lowest: dict[str, Version] = {}
    for requirement in _foreign_requirements(python):
        name, version = canonicalize_name(requirement.name), lowest_version(requirement)
        if version is not None:
            lowest[name] = max(version, lowest.get(name, version))
    return lowest


def _foreign_requirements(python: str) -> Iterator[Requirement]:
    environment = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    for distribution in DISTRIBUTIONS.values():
        for requirement in distribution.promises:
            is_ours = canonicalize_name(requirement.name) in DISTRIBUTIONS
            if not is_ours and (requirement.marker is None or requirement.marker.evaluate(environment)):
                yield requirement
