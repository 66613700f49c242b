"""What an admin changes in the org while a run writes: it ends after few calls, and resumes once that is mended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from connector_salesforce.transport.sending import Answer, Request, Transport

from .projects import Project

APIS = {"bulk": "/batch", "bulk2": "/batches", "rest": "/composite/sobjects"}
USER = "integration@emulator.invalid"

Meanwhile = Callable[[str, Callable[[], object]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Let something happen in the org when the first rows have been sent there."""

    def let(path: str, act: Callable[[], object]) -> None:
        send, waiting, lock = Transport.send, [act], threading.Lock()

        def send_and_act(self: Transport, request: Request, *more: Any) -> Answer:
            answer = send(self, request, *more)
            with lock:
                if request.method != "GET" and path in request.url and waiting:
                    waiting.pop()()
            return answer

        monkeypatch.setattr(Transport, "send", send_and_act)

    return let


def grant(project: Project, level: str) -> None:
    project.emulated.change({"permissions": {USER: {"fields": {"Contact.Email": level}}}})


def writing_calls(project: Project) -> int:
    return sum(count for call, count in project.emulated.stats()["calls"].items() if "GET" not in call)


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("level", ["read", "none"])
def test_a_field_that_is_taken_away_during_a_run_costs_few_calls_and_no_row(
    project: Project, meanwhile: Meanwhile, api: str, level: str
) -> None:
    options: dict[str, Any] = {"api": api, "parallelism": 1}
    project.sync(options=options | ({"batch_bytes": 1_000} if api == "bulk2" else {"batch_size": 10}))
    project.model([{"id": f"k{n}", "last": "Ash", "email": f"k{n}@acme.example"} for n in range(60)])
    meanwhile(APIS[api], lambda: grant(project, level))
    run = project.run()
    assert run.exit in (1, 4), run.said
    assert writing_calls(project) < 15
    assert len(project.emulated.records("Contact")) < 60
    grant(project, "edit")
    again = project.run()
    assert again.exit == 0, again.said
    found = sorted(each["External_Id__c"] for each in project.emulated.records("Contact") if each["Email"])
    assert found == sorted(f"k{n}" for n in range(60))
