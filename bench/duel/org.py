"""The org of the duel: the emulator in its own process, its faults, and its records."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

ORG = """\
extends: default
application: {passwordFlow: true}
bulk: {delay: 0.3}
"""
"""The settings of the org. Jobs take a moment, so that a kill can hit a client between request and result."""

_JOBS = "re:/services/(async|data/v[^/]+/jobs)/"
_COMMITS = "re:/services/(async/[^/]+/job/[^/]+/batch|data/v[^/]+/jobs/ingest/[^/]+/?)$"


@frozen
class Org:
    """A running org. `about` has its login data."""

    about: dict[str, str]

    def begin(self, seed: int) -> None:
        """Empty the org, and set the faults of `seed`. Each rule affects a path at most once."""
        self._side("POST", "reset", None)
        self._side("POST", "faults", faults(seed))

    def spoil(self, rate: float, seed: int) -> None:
        """Set three kinds of faults for all calls, each at this rate. `seed` selects the calls."""
        ways: tuple[dict[str, Any], ...] = ({"cut": "after"}, {"cut": "before"}, {"status": 503, "body": "Unavailable"})
        rules = [
            {"match": {"path": "*"}, "do": way, "rate": rate, "seed": seed + number, "times_per_key": 1}
            for number, way in enumerate(ways)
        ]
        self._side("POST", "faults", rules if rate else [])

    def texts(self) -> dict[str, list[str | None]]:
        """Return the descriptions of the contacts by external id; a duplicate contact adds one to the list."""
        found: dict[str, list[str | None]] = {}
        for record in self._side("GET", "records/Contact", None)["records"]:
            found.setdefault(record["External_Id__c"], []).append(record.get("Description"))
        return found

    def calls(self) -> int:
        """Return the number of calls."""
        return sum(self._side("GET", "stats", None)["calls"].values())

    def keys(self) -> Counter[str]:
        """Return the number of contacts by key, which is the last name."""
        records = self._side("GET", "records/Contact", None)["records"]
        return Counter(record["LastName"] for record in records if not record.get("IsDeleted"))

    def _side(self, method: str, path: str, body: Any) -> Any:
        url = f"{self.about['instance_url']}/__emulator__/{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
        return json.loads(content) if content else None


def faults(seed: int) -> list[dict[str, Any]]:
    """Return rules for lost answers after the work is done, for 503 before and after it, and for late duplicates."""
    chance = random.Random(seed)
    kinds: list[tuple[str, dict[str, Any], float]] = [
        (_JOBS, {"cut": "after"}, 0.08),
        (_JOBS, {"cut": "during"}, 0.04),
        (_JOBS, {"status": 503, "body": "<html>Service Unavailable</html>"}, 0.08),
        (_COMMITS, {"status": 503, "body": "<html>Gateway Timeout</html>", "duplicate": 1.0}, 0.08),
    ]
    return [
        {"match": {"path": path}, "do": what, "rate": rate, "seed": chance.randrange(1 << 30), "times_per_key": 1}
        for path, what, rate in kinds
    ]


@contextmanager
def start_org(folder: Path) -> Iterator[Org]:
    """Start the org, yield it, and end it."""
    (folder / "org.yml").write_text(ORG)
    program = Path(sys.executable).with_name("salesforce-emulator")
    command = [str(program), "--port", "0", "--org", str(folder / "org.yml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Org(json.loads(process.stdout.readline()))
        finally:
            process.terminate()
