"""Every imported package is declared, and every declared package is imported."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name

from tests.distributions.declared import DISTRIBUTIONS, EXAMPLE, Distribution
from tests.distributions.imports import Import, foreign_imports

PARTS_OF_EXTRAS = {
    "connector_sdk/testing/conformance/": "testing",
    "connector_sdk/testing/cassettes.py": "testing",
    "salesforce_emulator/pytest_plugin.py": "pytest",
}
"""Parts of a package that need an extra."""

USED_BY_OTHERS = {"connector-sdk": {"python-dateutil"}}
"""What a distribution needs without importing it: pyarrow looks for python-dateutil at every conversion."""

ALL = [*DISTRIBUTIONS.values(), EXAMPLE]
each_distribution = pytest.mark.parametrize("distribution", ALL, ids=[each.name for each in ALL])


def find_declared_packages(distribution: Distribution, found: Import) -> set[str]:
    """Return the packages that are certainly installed when an import is executed."""
    place = found.file.relative_to(distribution.folder).as_posix()
    extras = {extra for part, extra in PARTS_OF_EXTRAS.items() if place.startswith(part)}
    if not found.is_needed:
        extras |= set(distribution.public_extras)
    brought = [each for extra in extras for each in distribution.extras.get(extra, [])]
    return {canonicalize_name(each.name) for each in (*distribution.dependencies, *brought)}


@pytest.mark.rule("S6")
@each_distribution
def test_everything_that_is_imported_is_declared(distribution: Distribution) -> None:
    undeclared = [
        str(found)
        for found in foreign_imports(distribution)
        if found.provider not in find_declared_packages(distribution, found)
    ]
    assert undeclared == []


@pytest.mark.rule("S6")
@each_distribution
def test_everything_that_is_declared_is_imported(distribution: Distribution) -> None:
    imported = {found.provider for found in foreign_imports(distribution)}
    extras = (each for extra in distribution.public_extras for each in distribution.extras[extra])
    named = [*distribution.dependencies, *extras]
    declared = {canonicalize_name(each.name) for each in named}
    unused = declared - imported - USED_BY_OTHERS.get(distribution.name, set())
    assert unused - {distribution.name, "connector-sdk"} == set()
