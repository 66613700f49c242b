"""simple-salesforce, unchanged, against the emulator.

The library always speaks https. A transport adapter, the extension point of requests, brings its addresses to the
emulator's port; nothing of the library is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from requests.adapters import HTTPAdapter
from salesforce_emulator import Emulator
from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import ColumnDelimiter
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceOperationError,
    SalesforceResourceNotFound,
)


class Loopback(HTTPAdapter):
    """Sends what is addressed to https to the emulator."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self._target = urlsplit(emulator.instance_url)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **more: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        request.url = urlunsplit((self._target.scheme, self._target.netloc, parts.path, parts.query, ""))
        return super().send(request, *arguments, **more)


@pytest.fixture(scope="module")
def _shared() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(_shared: Emulator) -> Emulator:
    _shared.reset()
    return _shared


@pytest.fixture
def session(emulator: Emulator) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", Loopback(emulator))
        yield session


@pytest.fixture
def salesforce(emulator: Emulator, session: requests.Session) -> Any:
    return Salesforce(
        consumer_key=emulator.client_id,
        consumer_secret=emulator.client_secret,
        domain="emulated.my",
        session=session,
    )


def test_it_logs_in_with_client_credentials_and_renews_a_dead_session(salesforce: Any, emulator: Emulator) -> None:
    assert salesforce.limits()["DailyApiRequests"]["Max"] == 100_000
    emulator.advance(8_000)
    assert salesforce.Contact.create({"LastName": "L"})["success"] is True
    assert emulator.stats()["calls"]["POST /services/oauth2/token"] == 2


def test_it_is_refused_with_a_wrong_secret(emulator: Emulator, session: requests.Session) -> None:
    with pytest.raises(SalesforceAuthenticationFailed):
        Salesforce(consumer_key=emulator.client_id, consumer_secret="no", domain="emulated.my", session=session)


def test_it_logs_in_with_a_password_over_soap(emulator: Emulator, session: requests.Session) -> None:
    person: dict[str, Any] = {"username": emulator.username, "password": emulator.password, "security_token": "any"}
    assert Salesforce(**person, session=session).is_sandbox() is False
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        Salesforce(**{**person, "password": "wrong"}, session=session)


def test_it_logs_in_with_an_assertion(emulator: Emulator, session: requests.Session) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    app: dict[str, Any] = {"username": emulator.username, "consumer_key": emulator.client_id, "privatekey": private}
    emulator.change_org({"application": {"certificate": public}})
    with pytest.warns(UserWarning, match="authorize"), pytest.raises(SalesforceAuthenticationFailed, match="approved"):
        Salesforce(**app, session=session)
    emulator.change_org({"application": {"admitted": [emulator.username]}})
    assert Salesforce(**app, session=session).is_sandbox() is False


def test_it_takes_a_session_and_an_instance(salesforce: Any, emulator: Emulator, session: requests.Session) -> None:
    direct = Salesforce(session_id=salesforce.session_id, instance_url=emulator.instance_url, session=session)
    assert direct.is_sandbox() is False
    dead = Salesforce(session_id="dead", instance_url=emulator.instance_url, session=session)
    with pytest.raises(SalesforceExpiredSession):
        dead.describe()


def test_it_describes(salesforce: Any) -> None:
    described = salesforce.describe()
    assert described is not None
    assert "Account" in {thing["name"] for thing in described["sobjects"]}
    assert salesforce.Account.describe()["fields"][0]["name"] == "Id"
    assert salesforce.Account.metadata()["objectDescribe"]["keyPrefix"] == "001"


def test_it_queries_page_by_page(salesforce: Any, emulator: Emulator) -> None:
    emulator.insert("Contact", *({"LastName": str(number)} for number in range(2_500)))
    first = salesforce.query("SELECT Id, LastName FROM Contact")
    assert (first["totalSize"], first["done"]) == (2_500, False)
    second = salesforce.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert (second["done"], len(second["records"])) == (True, 500)
    locator = first["nextRecordsUrl"].rpartition("/")[2]
    assert len(salesforce.query_more(locator)["records"]) == 500
    assert salesforce.query_all("SELECT Id FROM Contact WHERE LastName LIKE '24%'")["totalSize"] == 111
    assert salesforce.query("SELECT COUNT() FROM Contact")["totalSize"] == 2_500


def test_it_writes_single_rows(salesforce: Any) -> None:
    record_id = salesforce.Contact.create({"LastName": "L", "Email": "l@emulator.invalid"})["id"]
    assert salesforce.Contact.get(record_id)["Email"] == "l@emulator.invalid"
    assert salesforce.Contact.update(record_id, {"LastName": "M"}) == 204
    assert salesforce.Contact.upsert("External_Id__c/k1", {"LastName": "N"}) == 201
    assert salesforce.Contact.upsert("External_Id__c/k1", {"LastName": "O"}) == 200
    assert salesforce.Contact.get_by_custom_id("External_Id__c", "k1")["LastName"] == "O"
    assert salesforce.Contact.delete(record_id) == 204
    with pytest.raises(SalesforceResourceNotFound):
        salesforce.Contact.get(record_id)
    with pytest.raises(SalesforceMalformedRequest):
        salesforce.Contact.create({"FirstName": "only"})


def test_it_reports_several_matches(salesforce: Any, emulator: Emulator) -> None:
    emulator.insert("Account", {"Name": "A", "Legacy_Key__c": "x"}, {"Name": "B", "Legacy_Key__c": "x"})
    with pytest.raises(SalesforceMoreThanOneRecord):
        salesforce.Account.get_by_custom_id("Legacy_Key__c", "x")


def test_its_bulk_handler_inserts_updates_upserts_deletes_and_queries(salesforce: Any, emulator: Emulator) -> None:
    made = salesforce.bulk.Contact.insert([{"LastName": "A", "External_Id__c": "a"}, {"FirstName": "x"}])
    assert [row["success"] for row in made] == [True, False]
    assert made[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    changed = salesforce.bulk.Contact.update([{"Id": made[0]["id"], "LastName": "B"}])
    assert changed[0]["success"] is True
    upserted = salesforce.bulk.Contact.upsert(
        [{"External_Id__c": "A", "LastName": "C"}, {"External_Id__c": "b", "LastName": "D"}], "External_Id__c"
    )
    assert [row["created"] for row in upserted] == [False, True]
    found = salesforce.bulk.Contact.query("SELECT LastName FROM Contact ORDER BY LastName")
    assert [row["LastName"] for row in found] == ["C", "D"]
    deleted = salesforce.bulk.Contact.delete([{"Id": made[0]["id"]}])
    assert deleted[0]["success"] is True
    assert [record["IsDeleted"] for record in emulator.records("Contact")] == [True, False]


def test_its_bulk2_handler_inserts_updates_upserts_and_deletes(salesforce: Any, emulator: Emulator) -> None:
    contacts = salesforce.bulk2.Contact
    [made] = contacts.insert(
        records=[{"LastName": "A", "External_Id__c": "a"}, {"LastName": "", "External_Id__c": "x"}], wait=0
    )
    assert (made["numberRecordsProcessed"], made["numberRecordsFailed"], made["numberRecordsTotal"]) == (2, 1, 2)
    files = contacts.get_all_ingest_records(made["job_id"])
    [good], [bad] = files["successfulRecords"], files["failedRecords"]
    assert (good["sf__Created"], good["External_Id__c"], bad["External_Id__c"]) == ("true", "a", "x")
    assert bad["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    assert files["unprocessedRecords"] == []
    contacts.update(records=[{"Id": good["sf__Id"], "LastName": "B"}], wait=0)
    rows = [{"External_Id__c": "A", "LastName": "C"}, {"External_Id__c": "b", "LastName": "D"}]
    [upserted] = contacts.upsert(records=rows, external_id_field="External_Id__c", wait=0)
    assert upserted["numberRecordsFailed"] == 0
    contacts.delete(records=[{"Id": good["sf__Id"]}], wait=0)
    assert [(one["LastName"], one["IsDeleted"]) for one in emulator.records("Contact")] == [("C", True), ("D", False)]
    contacts.hard_delete(records=[{"Id": emulator.records("Contact")[1]["Id"]}], wait=0)
    assert [one["LastName"] for one in emulator.records("Contact")] == ["C"]


def test_its_bulk2_handler_loads_a_file_in_parts_and_at_once(
    salesforce: Any, emulator: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text("External_Id__c|LastName\n" + "".join(f"k{number}|L\n" for number in range(50)), encoding="utf-8")
    loaded = salesforce.bulk2.Contact.insert(
        str(file), batch_size=10, concurrency=3, column_delimiter=ColumnDelimiter.PIPE, wait=0
    )
    assert [part["numberRecordsProcessed"] for part in loaded] == [10] * 5
    assert len(emulator.records("Contact")) == 50
    with pytest.raises(SalesforceOperationError, match="Field name not found : Nope__c"):
        salesforce.bulk2.Contact.insert(records=[{"Nope__c": "x"}], wait=0)


def test_its_bulk2_handler_queries_and_downloads(salesforce: Any, emulator: Emulator, tmp_path: Path) -> None:
    emulator.insert("Contact", *({"LastName": f"L{number}"} for number in range(5)))
    statement = "SELECT LastName FROM Contact ORDER BY LastName"
    pages = list(salesforce.bulk2.Contact.query(statement, max_records=2, wait=0))
    assert [page.splitlines()[1:] for page in pages] == [['"L0"', '"L1"'], ['"L2"', '"L3"'], ['"L4"']]
    files = salesforce.bulk2.Contact.download(statement, str(tmp_path), max_records=4, wait=0)
    assert [file["number_of_records"] for file in files] == [4, 1]
    assert Path(files[1]["file"]).read_text(encoding="utf-8").splitlines() == ['"LastName"', '"L4"']
    emulator.delete("Contact", emulator.records("Contact")[0]["Id"])
    [found] = salesforce.bulk2.Contact.query_all("SELECT IsDeleted FROM Contact", wait=0)
    assert found.splitlines()[1:].count('"true"') == 1


def test_collections_work_by_its_restful_call(salesforce: Any) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": name, "External_Id__c": name} for name in ("A", "B")]
    path = "composite/sobjects/Account/External_Id__c"
    for created in (True, False):
        results = salesforce.restful(path, method="PATCH", json={"records": records})
        assert results is not None
        assert [row["created"] for row in results] == [created, created]


def test_its_metadata_handler_reads_and_updates_a_picklist(salesforce: Any, emulator: Emulator) -> None:
    metadata = salesforce.mdapi
    # Its SOAP client has a session of its own.
    metadata._client.transport.session.mount("https://", Loopback(emulator))
    field = metadata.CustomField.read("Account.Plan__c")
    values = field.valueSet.valueSetDefinition.value
    assert [value.fullName for value in values] == ["free", "team", "business", "legacy"]
    values.append(metadata.CustomValue(fullName="nova", default=False, label="Nova"))
    metadata.CustomField.update(field)
    assert emulator.picklist("Account.Plan__c")[-1]["value"] == "nova"
    listed = metadata.list_metadata([metadata.ListMetadataQuery(type="CustomField")])
    assert "Account.Plan__c" in [one.fullName for one in listed]
    kinds = metadata.describe_metadata().metadataObjects
    assert [kind.xmlName for kind in kinds] == ["CustomObject", "GlobalValueSet", "StandardValueSet"]


def test_it_creates_and_deletes_collections_and_counts_groups(salesforce: Any) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("A", "B")]
    made = salesforce.restful("composite/sobjects", method="POST", json={"allOrNone": True, "records": records})
    grouped = salesforce.query("SELECT Name, COUNT(Id) n FROM Account GROUP BY Name ORDER BY Name")
    assert [(row["Name"], row["n"]) for row in grouped["records"]] == [("A", 1), ("B", 1)]
    ids = ",".join(row["id"] for row in made)
    gone = salesforce.restful("composite/sobjects", method="DELETE", params={"ids": ids})
    assert [row["success"] for row in gone] == [True, True]


def test_it_queries_the_tooling_api_and_lists_what_was_deleted(salesforce: Any) -> None:
    found = salesforce.toolingexecute("query?q=SELECT+DeveloperName+FROM+CustomField+WHERE+DeveloperName='Plan'")
    assert found["records"][0]["DeveloperName"] == "Plan"
    made = salesforce.Contact.create({"LastName": "L"})["id"]
    salesforce.Contact.delete(made)
    now = datetime.now(UTC)
    span = (now - timedelta(hours=1), now + timedelta(days=1))
    assert made in [one["id"] for one in salesforce.Contact.deleted(*span)["deletedRecords"]]


def test_it_searches(salesforce: Any) -> None:
    salesforce.Account.create({"Name": "Acme Tools"})
    found = salesforce.search("FIND {acme} IN NAME FIELDS RETURNING Account(Name)")
    assert [record["Name"] for record in found["searchRecords"]] == ["Acme Tools"]
    assert len(salesforce.quick_search("Acme")["searchRecords"]) == 1
