"""A Salesforce org on this machine, started as a person would start it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from attrs import frozen
from connector_salesforce import ClientCredentials, Config

from connector_sdk import Secret


@frozen
class Emulated:
    """A running emulator and its side door."""

    ready: Mapping[str, str]

    def config(self) -> Config:
        """Return the configuration to connect with."""
        auth = ClientCredentials("client_credentials", self.ready["client_id"], Secret(self.ready["client_secret"]))
        return Config(self.ready["login_url"], auth=auth)

    def records(self, object_name: str) -> list[dict[str, Any]]:
        """Return the records of an object without the deleted ones."""
        found = self._side("GET", f"records/{object_name}")["records"]
        return [each for each in found if not each.get("IsDeleted")]

    def recycle_bin(self, object_name: str) -> list[dict[str, Any]]:
        """Return the deleted records of an object."""
        return [each for each in self._side("GET", f"records/{object_name}")["records"] if each.get("IsDeleted")]

    def insert(self, object_name: str, *records: Mapping[str, Any]) -> None:
        """Create records by hand."""
        self._side("POST", f"records/{object_name}", {"records": records})

    def update(self, object_name: str, *records: Mapping[str, Any]) -> None:
        """Change records by hand."""
        self._side("PATCH", f"records/{object_name}", {"records": records})

    def delete(self, object_name: str, *ids: str) -> None:
        """Delete records by hand."""
        self._side("DELETE", f"records/{object_name}", {"records": [{"Id": each} for each in ids]})

    def convert(self, *leads: str) -> None:
        """Convert leads by hand, each named by its id or a key."""
        self._side("POST", "convert", {"leads": leads})

    def change(self, org: Mapping[str, Any]) -> None:
        """Lay a change over the org file."""
        self._side("POST", "org", org)

    def expire(self, *, refresh: bool = False) -> None:
        """End all sessions, and with `refresh` also the tokens that renew them."""
        self._side("POST", "expire", {"access": True, "refresh": refresh})

    def move(self) -> None:
        """Give the instance another host name."""
        self._side("POST", "move")

    def picklist(self, field: str) -> list[dict[str, Any]]:
        """Return every value of a picklist (Object.Field) in order, also those that no API shows."""
        found: list[dict[str, Any]] = self._side("GET", f"picklists/{field}")["values"]
        return found

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return what was published of an event, in order: `payload`, `eventUuid` and more of each."""
        found: list[dict[str, Any]] = self._side("GET", f"events/{name}")["events"]
        return found

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._side("POST", "clock", {"advance": seconds})

    def use(self, calls: int) -> None:
        """Let others make so many calls."""
        self._side("POST", "use", {"DailyApiRequests": calls})

    def stats(self) -> dict[str, Any]:
        """Return how often each call was made and each key executed."""
        found: dict[str, Any] = self._side("GET", "stats")
        return found

    def writing_calls(self) -> list[str]:
        """Return the calls that write: about jobs, Collections and single records."""
        writes = "(PUT|PATCH|DELETE) |POST .*(/async/|/jobs/|/sobjects)"
        return [each for each in self.stats()["calls"] if re.match(writes, each)]

    def session(self) -> str:
        """Return a new session of the app."""
        credentials = {name: self.ready[name] for name in ("client_id", "client_secret")}
        form = {"grant_type": "client_credentials", **credentials}
        with requests.post(f"{self.ready['login_url']}/services/oauth2/token", form, timeout=10) as answer:
            return str(answer.json()["access_token"])

    def faults(self, *rules: Mapping[str, Any]) -> None:
        """Let calls go wrong."""
        self._side("POST", "faults", list(rules))

    def reset(self) -> None:
        """Forget all records, faults and counts."""
        self._side("POST", "reset")

    def _side(self, method: str, path: str, body: Sequence[Any] | Mapping[str, Any] | None = None) -> Any:
        url = f"{self.ready['instance_url']}/__emulator__/{path}"
        with requests.request(method, url, json=body, timeout=10) as response:
            assert response.ok, response.text
            return response.json() if response.content else None


@contextmanager
def emulator(*arguments: str) -> Iterator[Emulated]:
    """Start an emulator on a free port, and end it."""
    command = [str(Path(sys.executable).with_name("salesforce-emulator")), "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Emulated(json.loads(process.stdout.readline()))
        finally:
            process.terminate()
            process.wait(10)
