"""The recycle bin: what lies in it, comes out of it, or is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.soap import call_soap


def outcome(client: Client, operation: str, record_id: str) -> tuple[str, str]:
    [result] = call_soap(client, operation, f"<u:ids>{record_id}</u:ids>")
    errors = result.get("errors", [{"statusCode": ""}])
    return result["success"], errors[0]["statusCode"]


def test_undelete_brings_back_a_record_and_its_key(client: Client, emulator: Emulator) -> None:
    made = client.create("Contact", LastName="L", External_Id__c="k1")
    assert outcome(client, "undelete", made) == ("false", "UNDELETE_FAILED")
    client.rest("DELETE", f"/sobjects/Contact/{made}")
    assert outcome(client, "undelete", made) == ("true", "")
    assert client.select_rows("SELECT Id FROM Contact WHERE External_Id__c = 'K1'") == [{"Id": made}]
    assert emulator.records("Contact")[0]["IsDeleted"] is False


def test_undelete_is_refused_where_the_key_was_given_away(client: Client) -> None:
    made = client.create("Contact", LastName="L", External_Id__c="k1")
    client.rest("DELETE", f"/sobjects/Contact/{made}")
    client.create("Contact", LastName="M", External_Id__c="K1")
    assert outcome(client, "undelete", made) == ("false", "DUPLICATE_VALUE")


def test_undelete_brings_back_the_details_that_went_along(emulator: Emulator, client: Client) -> None:
    detail = {"type": "reference", "referenceTo": ["Account"], "relationshipOrder": 0, "onParentDelete": "cascade"}
    emulator.change_org({"objects": {"Part__c": {"fields": {"Whole__c": detail}}}})
    [account] = emulator.insert("Account", {"Name": "A"})
    emulator.insert("Part__c", {"Name": "P", "Whole__c": account})
    client.rest("DELETE", f"/sobjects/Account/{account}")
    assert emulator.records("Part__c")[0]["IsDeleted"] is True
    assert outcome(client, "undelete", account) == ("true", "")
    assert emulator.records("Part__c")[0]["IsDeleted"] is False


def test_an_emptied_bin_gives_nothing_back(client: Client, emulator: Emulator) -> None:
    made = client.create("Contact", LastName="L")
    assert outcome(client, "emptyRecycleBin", made) == ("false", "INVALID_ID_FIELD")
    client.rest("DELETE", f"/sobjects/Contact/{made}")
    assert outcome(client, "emptyRecycleBin", made) == ("true", "")
    assert emulator.records("Contact") == []
    assert outcome(client, "undelete", made) == ("false", "INVALID_CROSS_REFERENCE_KEY")


def test_what_was_updated_and_deleted_is_listed(client: Client, emulator: Emulator) -> None:
    kept, gone = client.create("Contact", LastName="K"), client.create("Contact", LastName="G")
    client.rest("DELETE", f"/sobjects/Contact/{gone}")
    now = datetime.fromtimestamp(emulator.world.clock.now(), UTC)
    span = {"start": (now - timedelta(hours=1)).isoformat(), "end": (now + timedelta(hours=1)).isoformat()}
    assert client.rest("GET", "/sobjects/Contact/updated", params=span).json()["ids"] == [kept]
    [deleted] = client.rest("GET", "/sobjects/Contact/deleted", params=span).json()["deletedRecords"]
    assert deleted["id"] == gone


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("", "2026-01-01T00:00:00Z", "INVALID_DATE_FORMAT"),
        ("2999-01-02T00:00:00Z", "2999-01-01T00:00:00Z", "INVALID_REPLICATION_DATE"),
        ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "INVALID_REPLICATION_DATE"),
    ],
)
def test_a_span_must_make_sense(client: Client, start: str, end: str, code: str) -> None:
    answer: Any = client.rest("GET", "/sobjects/Contact/updated", params={"start": start, "end": end})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
