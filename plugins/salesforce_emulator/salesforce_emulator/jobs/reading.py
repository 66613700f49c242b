"""Read the data of a batch in the format of its job."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

from salesforce_emulator.dml.model import RowInput
from salesforce_emulator.jobs.bulk_job import Batch
from salesforce_emulator.jobs.csv_rows import read_csv
from salesforce_emulator.jobs.failing import BatchFailed
from salesforce_emulator.json_rows import JsonRows
from salesforce_emulator.schema import Schema, Schemas
from salesforce_emulator.xml_bodies import XmlRefused, local, read_xml

_MOST_ROWS = 10_000
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class BatchReader:
    """A reader that turns the data of a batch into rows. It raises BatchFailed."""

    def __init__(self, schemas: Schemas, json_rows: JsonRows) -> None:
        self._schemas = schemas
        self._json_rows = json_rows

    def __call__(self, batch: Batch, schema: Schema) -> list[RowInput]:
        """Return the rows of a batch, in order."""
        job = batch.job
        if job.content_type == "CSV":
            only_ids = job.operation in ("delete", "hardDelete")
            return read_csv(batch.data(), schema, self._schemas, only_ids)
        records = _json(batch.data()) if job.is_json else _xml(batch.data())
        if len(records) > _MOST_ROWS:
            raise BatchFailed("InvalidBatch", f"Records exceed the maximum of {_MOST_ROWS} for a batch")
        return [self._json_rows.read(schema, record) for record in records]


def _json(data: bytes) -> list[dict[str, Any]]:
    try:
        records = json.loads(data)
    except ValueError as error:
        raise BatchFailed("InvalidBatch", f"Failed to parse JSON: {error}") from error
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise BatchFailed("InvalidBatch", "A batch is a list of records")
    return records


def _xml(data: bytes) -> list[dict[str, Any]]:
    try:
        root = read_xml(data)
    except XmlRefused as error:
        raise BatchFailed("InvalidXML", str(error)) from error
    return [_record(element) for element in root]


def _record(element: ElementTree.Element) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for child in element:
        if local(child) == "type":
            record = {"attributes": {"type": child.text or ""}, **record}
        elif child.get(_NIL) == "true":
            record[local(child)] = None
        elif len(child):
            record[local(child)] = _record(child[0])
        elif child.text:
            record[local(child)] = child.text
    return record
