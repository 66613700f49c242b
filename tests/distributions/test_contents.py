"""What is in the sdists and wheels."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.distributions.archives import find_sdist, find_wheel, read_metadata, read_sdist, read_wheel
from tests.distributions.declared import DISTRIBUTIONS, ROOT, Distribution
from tests.distributions.environments import build

LICENSE = (ROOT / "LICENSE").read_bytes()
each_distribution = pytest.mark.parametrize("distribution", DISTRIBUTIONS.values(), ids=list(DISTRIBUTIONS))


def package_files(distribution: Distribution) -> set[str]:
    """Return the files of a package in the checkout, as a wheel names them."""
    files = (each for each in distribution.package.rglob("*") if each.is_file() and "__pycache__" not in each.parts)
    return {each.relative_to(distribution.folder).as_posix() for each in files}


@pytest.mark.rule("S5")
@each_distribution
def test_wheel_and_sdist_hold_the_license_and_say_which_it_is(distribution: Distribution, built: Path) -> None:
    assert read_wheel(find_wheel(distribution, built))["dist-info/licenses/LICENSE"] == LICENSE
    assert read_sdist(find_sdist(distribution, built))["LICENSE"] == LICENSE
    metadata = read_metadata(distribution, built)
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert not [each for each in metadata.get_all("Classifier", []) if each.startswith("License")]


@pytest.mark.rule("S5")
@each_distribution
def test_a_wheel_holds_the_package_and_nothing_else(distribution: Distribution, built: Path) -> None:
    files = {name for name in read_wheel(find_wheel(distribution, built)) if not name.startswith("dist-info/")}
    assert files == package_files(distribution)
    assert f"{distribution.package.name}/py.typed" in files


@pytest.mark.rule("S5")
@each_distribution
def test_an_sdist_holds_the_package_and_what_its_wheel_is_made_of(distribution: Distribution, built: Path) -> None:
    extra = {"CHANGELOG.md"} if distribution.folder == ROOT else set()
    made_of = {"LICENSE", "README.md", "pyproject.toml", "PKG-INFO", ".gitignore"}
    assert set(read_sdist(find_sdist(distribution, built))) == package_files(distribution) | made_of | extra


@pytest.mark.rule("S5")
@each_distribution
def test_the_metadata_say_what_it_is_and_name_no_place_that_does_not_exist(
    distribution: Distribution, built: Path
) -> None:
    metadata = read_metadata(distribution, built)
    assert metadata["Summary"]
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload(decode=True) == (distribution.folder / "README.md").read_bytes()
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert metadata["Home-page"] is None
    assert metadata.get_all("Project-URL") is None


@pytest.mark.rule("S5")
@each_distribution
def test_an_sdist_builds_the_same_wheel_byte_for_byte_away_from_the_checkout(
    distribution: Distribution, built: Path, tmp_path: Path
) -> None:
    with tarfile.open(find_sdist(distribution, built)) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    build(source, tmp_path / "again")
    for find in (find_wheel, find_sdist):
        assert find(distribution, tmp_path / "again").read_bytes() == find(distribution, built).read_bytes()


@each_distribution
def test_an_archive_bears_the_time_of_the_source_and_not_of_the_build(
    distribution: Distribution, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")  # 2023-11-14 22:13:20 UTC
    build(distribution.folder, tmp_path)
    with zipfile.ZipFile(find_wheel(distribution, tmp_path)) as wheel:
        assert {each.date_time for each in wheel.infolist()} == {(2023, 11, 14, 22, 13, 20)}
    with tarfile.open(find_sdist(distribution, tmp_path)) as sdist:
        assert {each.mtime for each in sdist.getmembers()} == {1_700_000_000}


@pytest.mark.rule("S5")
@each_distribution
def test_no_file_names_a_place_on_the_machine_that_built_it(distribution: Distribution, built: Path) -> None:
    archives: list[Mapping[str, bytes]] = [
        read_wheel(find_wheel(distribution, built)), read_sdist(find_sdist(distribution, built)),
    ]  # fmt: skip
    places = {place.encode() for place in (str(ROOT), sys.prefix, sys.base_prefix)}
    named = [name for files in archives for name, content in files.items() if any(each in content for each in places)]
    assert named == []
