"""Read sdists and wheels: their files, and the metadata that an index and an installer see."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Mapping
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from packaging.requirements import Requirement

from tests.distributions.declared import Distribution


def find_wheel(distribution: Distribution, folder: Path) -> Path:
    """Return the one wheel of a distribution in a folder."""
    (wheel,) = folder.glob(f"{_file_name(distribution)}-*.whl")
    return wheel


def find_sdist(distribution: Distribution, folder: Path) -> Path:
    """Return the one sdist of a distribution in a folder."""
    (sdist,) = folder.glob(f"{_file_name(distribution)}-*.tar.gz")
    return sdist


def _file_name(distribution: Distribution) -> str:
    return distribution.name.replace("-", "_")


def read_wheel(wheel: Path) -> Mapping[str, bytes]:
    """Return what each file of a wheel holds; the folder of the metadata is called `dist-info`."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return {_without_version(name): content for name, content in files.items()}


def _without_version(name: str) -> str:
    folder, _, rest = name.partition("/")
    return f"dist-info/{rest}" if folder.endswith(".dist-info") else name


def read_sdist(sdist: Path) -> Mapping[str, bytes]:
    """Return what each file of an sdist holds, without the folder that all of them are in."""
    with tarfile.open(sdist) as archive:
        files = {each.name: archive.extractfile(each) for each in archive.getmembers()}
        return {name.partition("/")[2]: file.read() for name, file in files.items() if file}


def read_metadata(distribution: Distribution, folder: Path) -> Message:
    """Return the metadata of the built wheel of a distribution."""
    return message_from_bytes(read_wheel(find_wheel(distribution, folder))["dist-info/METADATA"])


def built_requirements(distribution: Distribution, folder: Path) -> list[Requirement]:
    """Return everything that the built wheel of a distribution asks for, its extras included."""
    return [Requirement(each) for each in read_metadata(distribution, folder).get_all("Requires-Dist", [])]
