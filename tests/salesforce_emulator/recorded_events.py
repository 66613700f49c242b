"""The documented answer to a published event beside the emulator's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.recorded import Comparison, Source

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_EVENT = {"keyPrefix": "e01", "fields": {"Printer_Model__c": {"type": "string", "length": 20}}}


def events(recordings: Path) -> Iterator[Comparison]:
    """Publish the event of the manual's sample, and compare the answer."""
    sample = json.loads((recordings / "_doc-samples/platform_event_publish.json").read_text(encoding="utf-8"))
    sent, theirs = sample["request"], sample["response"]
    org = {"extends": "default", "objects": {"Low_Ink__e": _EVENT, "Legacy_Signal__e": None}}
    with Emulator(org) as emulator:
        client = Client(emulator)
        path = sent["path"].removeprefix("/services/data/v66.0")
        answer = client.rest(sent["method"], path, sent["body"], version="66.0")
        client.close()
    found = {"status": answer.status_code, "body": answer.json()}
    for one in (found, theirs):
        [notice] = one["body"]["errors"]
        notice["message"] = UUID.match(notice["message"]) is not None
    yield Comparison("platform event", [] if found == theirs else [f"{found}, not {theirs}"])


EVENT_SOURCES: dict[str, Source] = {"platform events": events}
