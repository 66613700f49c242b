from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connector_sdk import ConfigError, ConnectionConfig, FieldMapping, Match, Mode, Model, Project, Sync
from connector_sdk.run import run
from connector_sdk.testing.reference import Store

from ..destinations import reference

DESTINATIONS = reference()
PEOPLE = pa.table({"k": ["k1", "k2"], "n": ["Ann", "Bo"]})


class Host:
    """A host with one sync of people to a store; every part of its project can be another one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store.at(folder / "store.db")

    def sync(self, **parts: Any) -> Sync:
        usual = {
            "name": "people", "model": "people", "connection": "crm", "objects": ("people",), "mode": Mode.UPSERT,
            "fields": (FieldMapping(field="name", column="n"),), "match": Match("external_id", "k"),
        }  # fmt: skip
        return Sync(**{**usual, **parts})

    def project(self, *, rows: Any = PEOPLE, **parts: Any) -> Project:
        usual = {
            "connections": {"crm": ConnectionConfig("crm", "reference", {"path": str(self.folder / "store.db")})},
            "models": {"people": Model(name="people", primary_key=("k",), data=rows)},
            "syncs": {"people": self.sync()},
            "folder": str(self.folder),
        }
        return Project(**{**usual, **parts})

    def of_sync(self, **parts: Any) -> Project:
        return self.project(syncs={"people": self.sync(**parts)})

    def run(self, project: Project, **asked: Any) -> Any:
        return run(project, "people", destinations=DESTINATIONS, **asked)

    @property
    def names(self) -> list[str]:
        return sorted(record["name"] for record in self.store.records("people"))


@pytest.fixture
def host(tmp_path: Path) -> Any:
    made = Host(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def refused(host: Host) -> Callable[..., dict[str, str]]:
    """Run a project that must be refused; check that nothing was written, and return each message by its place."""

    def read_problems(project: Any, **asked: Any) -> dict[str, str]:
        with pytest.raises(ConfigError) as raised:
            host.run(project, **asked)
        assert host.names == []
        assert not (host.folder / ".connector").exists()
        return {".".join(map(str, each.path)): each.message for each in raised.value.problems}

    return read_problems
