"""The emulator against what real orgs answered; skipped where the recordings are not beside the checkout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import yaml
from salesforce_emulator import Emulator
from salesforce_emulator.describe import describe, describe_global
from salesforce_emulator.org.reading import read_org
from salesforce_emulator.schema import Schemas

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.replay import Exchange, Replay

# Where the emulator differs from a recording, and why that is right.
DIFFERENCES = {
    "SELECT Id FROM Account": "the recorded org had 104 accounts before",
    "Friend__c from CustomObject__c'}": "the recorded org had a custom object's record before",
    "Campaign deepCloneable": "not part of an org file",
    "Opportunity deepCloneable": "not part of an org file",
    "Campaign feedEnabled": "not part of an org file",
    "supportedScopes": "only the scope that every object has is shown",
    "DoNotCall": "a field of Contact that the recorded org hid from its user",
    "HasOptedOutOfEmail": "a field of Contact that the recorded org hid from its user",
    "Level__c": "the recorded picklist has other values than the test org needs",
}
NEWER_KEYS = {
    *("associateEntityType", "associateParentEntity", "sobjectDescribeOption", "deepCloneable", "isInterface"),
    *("extendedBy", "extendsInterfaces", "implementedBy", "implementsInterfaces", "defaultImplementation"),
}

CUMULUS = "SFDO-Tooling+CumulusCI/cumulusci"
DESCRIBES = {
    "Account": f"{CUMULUS}/tests/shared_cassettes/GET_sobjects_Account_describe.yaml",
    "Contact": f"{CUMULUS}/tests/shared_cassettes/GET_sobjects_Contact_describe.yaml",
    "Case": f"{CUMULUS}/tests/shared_cassettes/GET_sobjects_Case_describe.yaml",
    "Opportunity": f"{CUMULUS}/tests/shared_cassettes/GET_sobjects_Opportunity_describe.yaml",
    "Campaign": "grouparoo+grouparoo/describes/Campaign.a3a168ea.json",
}


def recorded_describe(file: Path) -> Any:
    text = file.read_text(encoding="utf-8")
    return json.loads(text if file.suffix == ".json" else yaml.safe_load(text)["response"]["body"]["string"])


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas(read_org())


@pytest.mark.parametrize("name", DESCRIBES)
def test_describes_agree_with_those_of_real_orgs(recordings: Path, schemas: Schemas, name: str) -> None:
    recorded = recorded_describe(recordings / DESCRIBES[name])
    schema = schemas.find(name)
    assert schema is not None
    ours = describe(schema, schemas, "/services/data/v52.0")
    assert ours.keys() - recorded.keys() <= NEWER_KEYS
    assert recorded.keys() <= ours.keys()
    compared = recorded.keys() - {"fields", "childRelationships", "urls", "recordTypeInfos"}
    differing = {key for key in compared if recorded[key] != ours[key]}
    assert {key for key in differing if key not in DIFFERENCES and f"{name} {key}" not in DIFFERENCES} == set()
    fields = {field["name"]: field for field in recorded["fields"]}
    for field in ours["fields"]:
        if field["custom"] or field["name"] in DIFFERENCES:
            continue
        same = {key: value for key, value in fields[field["name"]].items() if key != "picklistValues"}
        assert {key: field[key] for key in same} == same


@pytest.mark.parametrize("name", ["Account", "Contact", "Opportunity", "Case", "Campaign"])
def test_describe_global_agrees(recordings: Path, schemas: Schemas, name: str) -> None:
    recorded = recorded_describe(recordings / f"{CUMULUS}/tests/shared_cassettes/GET_sobjects_Global_describe.yaml")
    ours = describe_global(schemas, "/services/data/v52.0")
    assert {key: ours[key] for key in ("encoding", "maxBatchSize")} == {"encoding": "UTF-8", "maxBatchSize": 200}

    def one(answer: Any) -> dict[str, Any]:
        thing = next(thing for thing in answer["sobjects"] if thing["name"] == name)
        return {key: value for key, value in thing.items() if f"{name} {key}" not in DIFFERENCES}

    mine, theirs = one(ours), one(recorded)
    theirs["urls"] = {key: theirs["urls"][key] for key in theirs["urls"].keys() & mine["urls"].keys()}
    assert mine == theirs


def custom_fields(file: Path) -> dict[str, Any]:
    """The custom fields of a recorded describe, as an org file has them."""
    fields: dict[str, Any] = {}
    for field in recorded_describe(file)["fields"]:
        if field["custom"] and field["name"] not in DIFFERENCES:
            kept = {
                key: field[key] for key in ("type", "label", "length", "precision", "scale", "digits") if field[key]
            }
            values = [value["value"] for value in field["picklistValues"]]
            fields[field["name"]] = {**kept, **({"picklistValues": values} if values else {})}
    return fields


def grouparoo(file: Path) -> Iterator[Exchange]:
    for call in json.loads(file.read_text(encoding="utf-8")):
        if not call["path"].startswith("/services/data") or call["path"].endswith("describe"):
            continue
        body = call.get("request_body") or ""
        query = {key: unquote(value) for key, value in (call.get("query") or {}).items()}
        sent = body if isinstance(body, str) else json.dumps(body)
        yield Exchange(call["method"], call["path"], query, sent, call["status"], call.get("response_body") or None)


def replayed(emulator: Emulator, exchanges: list[Exchange]) -> dict[str, list[str]]:
    """What differs, by exchange."""
    client = Client(emulator)
    known = frozenset(name for thing in emulator.world.org.objects.values() for name in thing.fields)
    replay = Replay(client, known)
    found = {str(exchange): replay.differences(exchange) for exchange in exchanges}
    client.close()
    return {key: value for key, value in found.items() if value and not any(known in key for known in DIFFERENCES)}


@pytest.mark.parametrize(
    "name",
    [
        "export-account_export-records-additive",
        "export-account_export-records-custom",
        "export-account_export-records-enrich",
        "export-contacts_export-records-additive",
        "export-contacts_export-records-custom",
        "export-contacts_export-records-reference",
    ],
)
def test_a_reverse_etl_tool_would_not_notice(recordings: Path, name: str) -> None:
    folder = recordings / "grouparoo+grouparoo"
    objects = {
        "Account": {"fields": custom_fields(folder / "describes" / "Account.25df2ad3.json")},
        "Contact": {"fields": custom_fields(folder / "describes" / "Contact.0218e951.json")},
    }
    exchanges = list(grouparoo(folder / "interactions" / f"{name}.json"))
    assert len(exchanges) > 30
    with Emulator({"extends": "default", "objects": objects}) as emulator:
        assert replayed(emulator, exchanges) == {}


MOVIES = {
    "Movie__c": {
        "fields": {
            "Rating__c": {"type": "picklist", "restrictedPicklist": True, "picklistValues": ["Excellent", "Good"]},
            "ReleaseDate__c": {"type": "date"},
        },
        "records": [{"Name": "One"}],
    },
    "Spaceship__c": {"fields": {"Website__c": {"type": "url", "nillable": False}}},
    "Account": {"records": [{"Name": "An awesome test account"}]},
}


def wiremock(file: Path) -> Exchange:
    mapping = json.loads(file.read_text(encoding="utf-8"))
    asked, answered = mapping["request"], mapping["response"]
    body = next((pattern["equalToJson"] for pattern in asked.get("bodyPatterns", []) if "equalToJson" in pattern), "")
    query = {key: value["equalTo"] for key, value in asked.get("queryParameters", {}).items()}
    answer = json.loads(answered["body"]) if answered.get("body") else None
    path = asked.get("url") or asked["urlPath"]
    return Exchange(asked["method"], path, query, body, answered["status"], answer)


@pytest.mark.parametrize(
    "name",
    [
        *("create", "create-invalid-field", "create-invalid-picklist-value", "create-required-field-missing"),
        *("create-unknown-object", "query-malformed-soql", "update", "update-invalid-field"),
    ],
)
def test_single_rows_and_their_errors_agree(recordings: Path, name: str) -> None:
    exchange = wiremock(recordings / "heroku+sf-functions-python/tests/wiremock/mappings" / f"{name}.json")
    with Emulator({"extends": "default", "objects": MOVIES}) as emulator:
        client = Client(emulator)
        replay = Replay(client, frozenset())
        [movie] = emulator.records("Movie__c")
        replay.ids |= dict.fromkeys(("a00B000000FSjVU", "a00B000000FSkZ7"), movie["Id"])
        assert replay.differences(exchange) == []
        client.close()


LINKED = {
    "CustomObject__c": {
        "fields": {
            "SynchronizationId__c": {"type": "string", "length": 255, "externalId": True},
            "Example_Field__c": {"type": "string", "length": 255},
            "Friend__c": {"type": "reference", "referenceTo": ["Contact"]},
        }
    },
}


def cassette(file: Path) -> Iterator[Exchange]:
    for call in yaml.safe_load(file.read_text(encoding="utf-8"))["http_interactions"]:
        asked, answered = call["request"], call["response"]
        parts = urlsplit(asked["uri"].replace("<host>", "host").replace("<api_version>", "v45.0"))
        if not parts.path.startswith("/services/data/v45.0/") or parts.path.endswith(("/describe", "v45.0/")):
            continue
        text = answered["body"]["string"].replace("<api_version>", "v45.0")
        answer = json.loads(text) if text else None
        query = dict(parse_qsl(parts.query))
        status = answered["status"]["code"]
        yield Exchange(asked["method"].upper(), parts.path, query, asked["body"]["string"], status, answer)


def test_a_synchronizer_creates_reads_changes_and_deletes(recordings: Path) -> None:
    files = sorted((recordings / "tablexi+restforce-db/test/cassettes").rglob("*.yml"))
    assert len(files) >= 4
    for file in files:
        with Emulator({"extends": "default", "objects": LINKED}) as emulator:
            assert replayed(emulator, list(cassette(file))) == {}


def test_the_identity_has_the_recorded_facts(recordings: Path, client: Client) -> None:
    recorded = next(
        json.loads(call["response"]["body"]["string"])
        for file in sorted((recordings / "tablexi+restforce-db/test/cassettes").rglob("*.yml"))
        for call in yaml.safe_load(file.read_text(encoding="utf-8"))["http_interactions"]
        if "/id/" in call["request"]["uri"]
    )
    identity = client.http.get(client.login().json()["id"], headers={"Authorization": f"OAuth {client.token}"}).json()
    assert list(identity) == list(recorded)
    assert list(identity["urls"]) == list(recorded["urls"])


def test_collections_answers_agree(recordings: Path, client: Client) -> None:
    folder = recordings / "amp-labs+connectors/providers/salesforce/test"

    def read(name: str) -> Any:
        return json.loads((folder / name).read_text(encoding="utf-8"))

    payload = read("batch/create/contacts/payload.json")
    created = client.rest("POST", "/composite/sobjects", payload).json()
    assert [row.keys() for row in created] == [row.keys() for row in read("batch/create/contacts/success.json")]
    bad = {"allOrNone": True, "records": [{**payload["records"][0], "LastName": None}, payload["records"][1]]}
    refused = client.rest("POST", "/composite/sobjects", bad).json()
    assert refused == read("batch/create/contacts/partial-but-allOrNone.json")
    none = client.rest("POST", "/composite/sobjects", {"allOrNone": False, "records": []}).json()
    assert none == read("batch/create/contacts/err-bad-request.json")
    without_ids = client.rest("PATCH", "/composite/sobjects", payload).json()
    assert without_ids == read("batch/update/contacts/err-each-no-ids.json")
    unknown = client.rest("POST", "/sobjects/Account", {"Name": "A", "AccountNumer": "1"}).json()
    assert unknown == read("unknown-field.json")
    single = client.rest("POST", "/sobjects/Account", {"Name": "A"}).json()
    assert single.keys() == read("create-ok.json").keys()


def test_errors_of_login_and_keys_agree(recordings: Path, client: Client) -> None:
    folder = recordings / "restforce+restforce/spec/fixtures"

    def read(name: str) -> Any:
        return json.loads((folder / name).read_text(encoding="utf-8"))

    token = client.login().json()
    assert read("auth_success_response.json").keys() <= token.keys()
    expired = client.rest("GET", "/limits", headers={"Authorization": "Bearer gone"}).json()
    assert expired == read("expired_session_response.json")
    wrong_key = client.rest("PATCH", "/sobjects/Account/Namez/x", {"Name": "A"}).json()
    assert wrong_key == read("sobject/upsert_error_response.json")
    not_an_id = client.rest("GET", "/sobjects/Account/23foo").json()
    assert not_an_id == read("sobject/sobject_find_error_response.json")
    no_object = client.rest("GET", "/sobjects/Nope/describe").json()
    assert no_object == read("sobject/sobject_describe_error_response.json")
    assert client.query("SELECT Id FROM Account") == read("sobject/query_empty_response.json")
