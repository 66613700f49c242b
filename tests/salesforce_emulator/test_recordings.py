"""The emulator against what real orgs answered; skipped where the recordings are not beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from salesforce_emulator.describe import describe, describe_global
from salesforce_emulator.org.reading import read_org
from salesforce_emulator.schema import Schemas

from tests.salesforce_emulator import fidelity
from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.recorded import CUMULUS, SOURCES, recorded_describe

# Where describes differ from recorded ones, and why that is right.
DIFFERENCES = {
    "Campaign deepCloneable": "not part of an org file",
    "Opportunity deepCloneable": "not part of an org file",
    "Campaign feedEnabled": "not part of an org file",
    "supportedScopes": "only the scope that every object has is shown",
    "DoNotCall": "a field of Contact that the recorded org hid from its user",
    "HasOptedOutOfEmail": "a field of Contact that the recorded org hid from its user",
}
NEWER_KEYS = {
    *("associateEntityType", "associateParentEntity", "sobjectDescribeOption", "deepCloneable", "isInterface"),
    *("extendedBy", "extendsInterfaces", "implementedBy", "implementsInterfaces", "defaultImplementation"),
}

DESCRIBES = {
    "Account": f"{CUMULUS}/tests/shared_cassettes/GET_sobjects_Account_describe.yaml",
    "Contact": f"{CUMULUS}/tests/shared_cassettes/GET_sobjects_Contact_describe.yaml",
    "Case": f"{CUMULUS}/tests/shared_cassettes/GET_sobjects_Case_describe.yaml",
    "Opportunity": f"{CUMULUS}/tests/shared_cassettes/GET_sobjects_Opportunity_describe.yaml",
    "Campaign": "grouparoo+grouparoo/describes/Campaign.a3a168ea.json",
}


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas(read_org().objects)


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


@pytest.mark.parametrize("name", SOURCES)
def test_other_projects_would_not_notice(recordings: Path, name: str) -> None:
    found = list(SOURCES[name](recordings))
    assert len(found) > 20
    assert {one.name: one.differences for one in found if one.differences and one.reason is None} == {}


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


def test_versions_and_the_rest_of_a_failed_composite_agree(recordings: Path, client: Client) -> None:
    versions = recordings / "anthonyreilly+NetCoreForce/src/NetCoreForce.Client.Tests/responses/versions.json"
    recorded = json.loads(versions.read_text(encoding="utf-8"))
    ours = client.http.get(f"{client.emulator.instance_url}/services/data/").json()
    assert ours[: len(recorded)] == recorded
    [failure] = recordings.glob("apache+camel/**/composite_response_example_failure.json")
    halted = json.loads(failure.read_text(encoding="utf-8"))["compositeResponse"][0]
    url = "/services/data/v58.0/sobjects/Account"
    bodies: dict[str, Any] = {"NewPayment1": {"Name": "A"}, "NewPayment2": {}}
    asked = [{"method": "POST", "url": url, "referenceId": name, "body": body} for name, body in bodies.items()]
    answer = client.rest("POST", "/composite", {"allOrNone": True, "compositeRequest": asked}).json()
    assert answer["compositeResponse"][0] == halted


@pytest.mark.long
def test_exchanges_that_differ_become_fewer_only(recordings: Path) -> None:
    assert fidelity.main(recordings) == 0
