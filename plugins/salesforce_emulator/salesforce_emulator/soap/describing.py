"""describeGlobal, describeSObject, describeSObjects and getServerTimestamp."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from salesforce_emulator.clock import data_time
from salesforce_emulator.describe import describe, describe_global
from salesforce_emulator.soap.elements import put
from salesforce_emulator.soap.endpoint import SoapCall
from salesforce_emulator.soap.rows import check_count
from salesforce_emulator.soap.sobjects import schema_named
from salesforce_emulator.xml_bodies import local

_MOST = 100


def describe_all(call: SoapCall, response: ElementTree.Element) -> None:
    """Write a summary of every object."""
    _put(ElementTree.SubElement(response, "result"), describe_global(call.call.schemas, call.call.base))


def describe_objects(call: SoapCall, response: ElementTree.Element) -> None:
    """Write objects with all their fields, in the order of the request."""
    names = [(child.text or "").strip() for child in call.message.operation if local(child).startswith("sObjectType")]
    check_count(len(names), _MOST)
    for name in names:
        described = describe(schema_named(call, name), call.call.schemas, call.call.base)
        _put(ElementTree.SubElement(response, "result"), described)


def server_timestamp(call: SoapCall, response: ElementTree.Element) -> None:
    """Write the org's time."""
    moment = data_time(call.world.clock.now()).replace("+0000", "Z")
    put(ElementTree.SubElement(response, "result"), "timestamp", moment)


def _put(parent: ElementTree.Element, content: dict[str, Any]) -> None:
    """Write the keys of a mapping as elements. A list repeats its element; null values are left out.

    URLs are left out, too: only REST has them.
    """
    for name, value in content.items():
        for one in value if isinstance(value, list) else [value]:
            if name == "urls" or one is None:
                continue
            if isinstance(one, dict):
                _put(ElementTree.SubElement(parent, name), one)
            else:
                put(parent, name, one)
