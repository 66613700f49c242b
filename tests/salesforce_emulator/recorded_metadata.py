"""Recorded messages and components of the Metadata API beside what the emulator makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.metadata import METADATA, message, post
from tests.salesforce_emulator.recorded import Comparison, Source

_OBJECT = "TestObject15__c"
_MADE = {
    "Birthday__c": {"type": "string", "length": 30},
    "Age__c": {"type": "double", "precision": 3, "scale": 2},
    "IsReady__c": {"type": "boolean"},
    "Connection__c": {"type": "reference", "referenceTo": ["Account"], "childRelationshipName": "MyAccount__r"},
}
_VEHICLE: dict[str, Any] = {
    "globalValueSets": {"VehicleGears": {"values": ["5", "7", "9"]}},
    "objects": {
        "Vehicle__c": {
            "fields": {
                "Transmission__c": {"type": "picklist", "picklistValues": ["Manual", "Automatic"]},
                "Features__c": {"type": "picklist", "picklistValues": ["AC"]},
                "Type__c": {"type": "picklist", "picklistValues": ["A"]},
                "Gears__c": {
                    "type": "picklist",
                    "globalValueSet": "VehicleGears",
                    "controllerName": "Transmission__c",
                    "valueSettings": {"5": ["Manual"]},
                },
            }
        }
    },
}


def metadata(recordings: Path) -> Iterator[Comparison]:
    """Compare each recorded call, and write and read each recorded component."""
    folder = recordings / "amp-labs+connectors/providers/salesforce"
    write = folder / "test/metadata/write"
    whole = (write / "object15/mix-of-many-fields-payload.xml").read_text(encoding="utf-8")
    calls = [
        (
            "many fields",
            whole,
            write / "object15/mix-of-many-fields-response.xml",
            ["Age__c", "IsReady__c", "Connection__c"],
        ),
        ("three fields", _first(whole, 3), folder / "internal/crm/metadata/test/success.xml", ["Birthday__c"]),
        (
            "permission set",
            (write / "read-field-permissions-payload.xml").read_text(encoding="utf-8"),
            write / "read-field-permissions-response.xml",
            [],
        ),
    ]
    for name, payload, file, there in calls:
        yield Comparison(f"Metadata {name}", _compare_answer(payload, file, there))
    components = recordings / "amtrack+sfdx-browserforce-plugin/src/plugins/picklists/sfdx-source"
    for file in sorted(components.rglob("*-meta.xml")):
        yield Comparison(f"Metadata {file.name}", _compare_component(file))


def _compare_answer(payload: str, file: Path, there: list[str]) -> list[str]:
    fields = {name: _MADE[name] for name in there}
    with Emulator({"extends": "default", "objects": {_OBJECT: {"fields": fields}}}) as emulator:
        client = Client(emulator)
        answer = post(client, payload.replace("TEST_ACCESS_TOKEN", client.token))
        client.close()
    return _differences(ElementTree.parse(file).getroot(), ElementTree.fromstring(answer.content))


def _compare_component(file: Path) -> list[str]:
    """Write a recorded component, read it back, and return the differences."""
    recorded = ElementTree.parse(file).getroot()
    kind = recorded.tag.rpartition("}")[2]
    name = file.name.partition(".")[0]
    full_name = f"Vehicle__c.{name}" if kind == "CustomField" else name
    for old in recorded.findall(f"{{{METADATA}}}fullName"):
        recorded.remove(old)
    inner = "".join(ElementTree.tostring(child, encoding="unicode") for child in recorded)
    with Emulator({"extends": "default", **_VEHICLE}) as emulator:
        client = Client(emulator)
        sent = f'<metadata xsi:type="{kind}"><fullName>{full_name}</fullName>{inner}</metadata>'
        post(client, message(f"<updateMetadata>{sent}</updateMetadata>", client.token))
        wanted = f"<readMetadata><type>{kind}</type><fullNames>{full_name}</fullNames></readMetadata>"
        answer = ElementTree.fromstring(post(client, message(wanted, client.token)).content)
        client.close()
    [read] = answer.iter(f"{{{METADATA}}}records")
    ours = [line for line in _lines(read) if not line.startswith("/records/fullName ")]
    theirs = [line.replace(f"/{kind}", "/records", 1) for line in _lines(recorded)]
    # Files that were retrieved leave these out of some fields.
    flags = ("/records/externalId false", "/records/trackFeedHistory false")
    return [f"{line} is missing" for line in theirs if line not in ours] + [
        f"{line} is not recorded" for line in ours if line not in theirs and line not in flags
    ]


def _first(payload: str, count: int) -> str:
    parts = payload.split("</metadata>")
    return "</metadata>".join([*parts[:count], parts[-1]])


def _differences(theirs: ElementTree.Element, ours: ElementTree.Element) -> list[str]:
    recorded, actual = list(_lines(theirs)), list(_lines(ours))
    if recorded == actual:
        return []
    return [f"{line} is missing" for line in recorded if line not in actual] + [
        f"{line} is not recorded" for line in actual if line not in recorded
    ] or ["another order"]


def _lines(element: ElementTree.Element, path: str = "") -> Iterator[str]:
    here = f"{path}/{element.tag.rpartition('}')[2]}"
    yield f"{here} {(element.text or '').strip()}"
    for child in element:
        yield from _lines(child, here)


METADATA_SOURCES: dict[str, Source] = {"the Metadata API": metadata}
