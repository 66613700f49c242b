"""describeMetadata and listMetadata. Metadata API Developer Guide, "Utility Calls"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from salesforce_emulator.components import is_known
from salesforce_emulator.metadata.standard_value_set import users_of
from salesforce_emulator.org.standard_value_sets import FIELDS
from salesforce_emulator.soap.elements import put
from salesforce_emulator.soap.endpoint import SoapCall
from salesforce_emulator.soap.faults import SoapFault
from salesforce_emulator.soap.rows import check_count
from salesforce_emulator.xml_bodies import local, texts

_MOST = 3
_FOLDERS = {"CustomField": "objects", "GlobalValueSet": "globalValueSets", "StandardValueSet": "standardValueSets"}
_SUFFIXES = {"CustomField": "object", "GlobalValueSet": "globalValueSet", "StandardValueSet": "standardValueSet"}


def describe(call: SoapCall, response: ElementTree.Element) -> None:
    """Write the component types that the org serves. Fields belong to the files of their objects."""
    result = ElementTree.SubElement(response, "result")
    for kind, folder in _FOLDERS.items():
        if not is_known(kind, call.call.version):
            continue
        described = ElementTree.SubElement(result, "metadataObjects")
        if kind == "CustomField":
            put(described, "childXmlNames", kind)
        put(described, "directoryName", folder)
        put(described, "inFolder", False)
        put(described, "metaFile", False)
        put(described, "suffix", _SUFFIXES[kind])
        put(described, "xmlName", "CustomObject" if kind == "CustomField" else kind)
    put(result, "organizationNamespace", "")
    put(result, "partialSaveAllowed", False)
    put(result, "testRequired", False)


def list_(call: SoapCall, response: ElementTree.Element) -> None:
    """Write the components of up to three types. A type that the org does not serve has none."""
    kinds = [texts(child).get("type", "") for child in call.message.operation if local(child) == "queries"]
    if not kinds:
        raise SoapFault(None, "queries is required")
    check_count(len(kinds), _MOST)
    for kind in kinds:
        for facts in _components(call, kind):
            result = ElementTree.SubElement(response, "result")
            for name, value in sorted(facts.items()):
                if value is not None:
                    put(result, name, value)


def _components(call: SoapCall, kind: str) -> Iterator[dict[str, Any]]:
    if not is_known(kind, call.call.version):
        return
    if kind == "StandardValueSet":
        names = [name for name in FIELDS if users_of(call.world.org, name)]
        yield from ({**_file(kind, name), "id": "", "type": kind} for name in names)
        return
    # The Tooling API got some types later than the Metadata API. Its last version has all of them.
    catalogue = call.world.tooling(call.call.session.user_id, f"{call.world.org.versions.max}.0")
    schema = catalogue.schemas.find(kind)
    if schema is None:
        return
    for row in catalogue.store[schema].live():
        value = {name: row[at] for name, at in schema.position.items()}
        yield {
            **_file(kind, str(value["fullname"])),
            "id": row[0],
            "type": kind,
            "createdById": value["createdbyid"],
            "createdDate": _moment(value["createddate"]),
            "lastModifiedById": value["lastmodifiedbyid"],
            "lastModifiedDate": _moment(value["lastmodifieddate"]),
            "manageableState": value["manageablestate"],
            "namespacePrefix": value["namespaceprefix"],
        }


def _file(kind: str, name: str) -> dict[str, Any]:
    stem = name.partition(".")[0] if kind == "CustomField" else name
    return {"fullName": name, "fileName": f"{_FOLDERS[kind]}/{stem}.{_SUFFIXES[kind]}"}


def _moment(value: Any) -> str | None:
    return None if value is None else str(value).replace("+0000", "Z")
