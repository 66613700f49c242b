"""merge: up to 200 merges in one call, with one result per merge, in order. SOAP API Developer Guide, "merge()"."""

from __future__ import annotations

from xml.etree import ElementTree

from salesforce_emulator.dml.merging import Merge, Merged, merge
from salesforce_emulator.dml.model import RowInput
from salesforce_emulator.schema import Schema
from salesforce_emulator.soap.elements import put
from salesforce_emulator.soap.endpoint import SoapCall
from salesforce_emulator.soap.faults import SoapFault
from salesforce_emulator.soap.rows import check_count, put_errors
from salesforce_emulator.soap.sobjects import read_sobject
from salesforce_emulator.xml_bodies import local


def merge_records(call: SoapCall, response: ElementTree.Element) -> None:
    """Execute the merges of a call. Read all of them before the first one is executed."""
    requests = list(call.message.operation)
    for request in requests:
        if local(request) != "request":
            raise SoapFault(None, f"Element {request.tag} invalid at this location")
    check_count(len(requests))
    for wanted in [_read(call, request) for request in requests]:
        _put(response, wanted.master, _execute_merge(call, wanted))


def _read(call: SoapCall, request: ElementTree.Element) -> Merge:
    masters = [child for child in request if local(child) == "masterRecord"]
    if len(masters) != 1:
        raise SoapFault("MISSING_ARGUMENT", "masterRecord not specified")
    schema, master = read_sobject(call, masters[0])
    _check_mergeable(schema)
    victims = tuple((child.text or "").strip() for child in request if local(child) == "recordToMergeIds")
    return Merge(schema, master, victims, call.call.origin, call.terms)


def _check_mergeable(schema: Schema) -> None:
    if not schema.object.mergeable:
        raise SoapFault("INVALID_TYPE_FOR_OPERATION", "entity type does not support merge")


def _execute_merge(call: SoapCall, wanted: Merge) -> Merged:
    merged = merge(call.world.engine, wanted, call.call.session.user_id)
    if not merged.faults:
        call.world.audit.merge(wanted.schema.name, str(wanted.master.record_id), merged.victims)
    return merged


def _put(response: ElementTree.Element, master: RowInput, merged: Merged) -> None:
    result = ElementTree.SubElement(response, "result")
    put_errors(result, merged.faults)
    put(result, "id", master.record_id)
    for victim in merged.victims:
        put(result, "mergedRecordIds", victim)
    put(result, "success", not merged.faults)
    for moved in merged.related:
        put(result, "updatedRelatedIds", moved)
