from __future__ import annotations

from pathlib import Path

import pytest
from connector_notebook import plugin

from connector_sdk import Destination
from connector_sdk.testing.conformance import DestinationConformance
from connector_sdk.testing.conformance.subject import Subject, Way


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class TestNotebook(DestinationConformance):
    destination = Destination("notebook", plugin)

    def config(self) -> plugin.Config:
        return plugin.Config("notebook.db")

    def lose_next_answer(self, subject: Subject, way: Way) -> None:
        book = subject.connection.handle
        write = book.write

        def lose_answer(*arguments: object) -> None:
            write(*arguments)
            raise ConnectionResetError("the line went dead")

        book.write = lose_answer
