"""Format the results of a batch, one per row, in row order.

Bulk API Developer Guide, "Get Batch Results" and "Handle Failed Records in Batches".
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from xml.etree import ElementTree

from salesforce_emulator.dml.model import RowResult
from salesforce_emulator.xml_bodies import DATALOAD, document

HEADER = ("Id", "Success", "Created", "Error")


def render(results: list[RowResult], content_type: str) -> bytes:
    """Return the results in the job's content type."""
    return {"JSON": _json, "XML": _xml}.get(content_type, _csv)(results)


def _csv(results: list[RowResult]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(HEADER)
    for result in results:
        error = "".join(fault.in_cell() for fault in result.faults)
        writer.writerow((result.record_id or "", _word(result.success), _word(result.created), error))
    return text.getvalue().encode()


def _word(value: bool) -> str:
    return "true" if value else "false"


def _json(results: list[RowResult]) -> bytes:
    return json.dumps([_json_result(result) for result in results]).encode()


def _json_result(result: RowResult) -> dict[str, Any]:
    errors = [{**fault.in_collection(), "extendedErrorDetails": None} for fault in result.faults]
    return {"success": result.success, "created": result.created, "id": result.record_id, "errors": errors}


def _xml(results: list[RowResult]) -> bytes:
    root = ElementTree.Element("results", {"xmlns": DATALOAD})
    for result in results:
        element = ElementTree.SubElement(root, "result")
        if result.record_id:
            ElementTree.SubElement(element, "id").text = result.record_id
        for fault in result.faults:
            error = ElementTree.SubElement(element, "errors")
            for name in fault.fields or ():
                ElementTree.SubElement(error, "fields").text = name
            ElementTree.SubElement(error, "message").text = fault.message
            ElementTree.SubElement(error, "statusCode").text = fault.code
        ElementTree.SubElement(element, "success").text = _word(result.success)
        ElementTree.SubElement(element, "created").text = _word(result.created)
    return document(root)
