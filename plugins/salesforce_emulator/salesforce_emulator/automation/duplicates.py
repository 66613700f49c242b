"""The response of a duplicate rule. REST API Developer Guide, "Duplicate Rule Header".

The misspelled key `duplicateResut` is Salesforce's.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from salesforce_emulator.errors import RowFault
from salesforce_emulator.org.rules import DuplicateRule
from salesforce_emulator.schema import Row, Schema

_CODE = "DUPLICATES_DETECTED"


@frozen
class DuplicatesFound(RowFault):
    """The error of a row, with a detail that only single-row calls show."""

    detail: dict[str, Any] | None = None

    def in_request(self) -> dict[str, Any]:
        """Return the error as a single-row call shows it."""
        return {"duplicateResut": self.detail, "errorCode": self.code, "message": self.message}


def make_duplicates_error(rule: DuplicateRule, schema: Schema, matches: list[Row]) -> DuplicatesFound:
    """Return the error for a row that equals some records."""
    result = {
        "allowSave": rule.action == "Alert",
        "duplicateRule": rule.name,
        "duplicateRuleEntityType": schema.name,
        "errorMessage": rule.message,
        "matchResults": [
            {
                "entityType": schema.name,
                "errors": [],
                "matchEngine": "ExactMatchEngine",
                "matchRecords": [_match(schema, row) for row in matches],
                "rule": rule.matching_rule or rule.name,
                "size": len(matches),
                "success": True,
            }
        ],
    }
    return DuplicatesFound(_CODE, rule.message, (), result)


def _match(schema: Schema, row: Row) -> dict[str, Any]:
    record_id = str(row[0])
    attributes = {"type": schema.name, "url": f"/services/data/v58.0/sobjects/{schema.name}/{record_id}"}
    return {
        "additionalInformation": [],
        "fieldDiffs": [],
        "matchConfidence": 100.0,
        "record": {"attributes": attributes, "Id": record_id},
    }
