"""Which versions an org serves, what it says of others, and what came with which version."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from salesforce_emulator import Emulator, OrgError, read_org

from tests.salesforce_emulator import metadata, soap
from tests.salesforce_emulator.client import Client, fault_of
from tests.salesforce_emulator.replay import Exchange, Replay

MISSING = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


def list_versions(client: Client) -> dict[str, str]:
    """Return the label of each version that the org lists."""
    answer = client.http.get(f"{client.emulator.instance_url}/services/data")
    return {one["version"]: one["label"] for one in answer.json()}


def bulk_job(client: Client, version: str) -> requests.Response:
    url = f"{client.emulator.instance_url}/services/async/{version}/job"
    return client.http.post(url, headers={"X-SFDC-Session": client.token})


def user_info(client: Client, version: str) -> requests.Response:
    return soap.post(client, soap.message("getUserInfo", "", client.token), version)


def test_the_org_has_every_release_from_summer_14_to_winter_27(client: Client) -> None:
    labels = list_versions(client)
    assert list(labels) == [f"{number}.0" for number in range(31, 69)]
    assert (labels["31.0"], labels["66.0"], labels["67.0"], labels["68.0"]) == (
        *("Summer '14", "Spring '26"),
        *("Summer '26", "Winter '27"),
    )


@pytest.mark.parametrize("version", ["31.0", "40.0", "41.0", "66.0", "67.0", "68.0"])
def test_every_api_serves_the_versions_that_the_org_lists(client: Client, version: str) -> None:
    assert client.rest("GET", "/limits", version=version).ok
    assert client.rest("GET", "/jobs/ingest", version=version).ok
    assert user_info(client, version).ok
    assert b"InvalidVersion" not in bulk_job(client, version).content


@pytest.mark.parametrize("version", ["21.0", "30.0"])
def test_a_retired_version_is_gone_in_the_words_of_each_api(client: Client, version: str) -> None:
    for path in ("/limits", "/jobs/ingest", "/composite/sobjects/Account"):
        gone = client.rest("GET", path, version=version)
        assert (gone.status_code, gone.json()[0]["errorCode"]) == (410, "GONE")
    assert fault_of(bulk_job(client, version))[:2] == (400, "InvalidVersion")
    assert soap.fault(user_info(client, version))[:2] == (500, "sf:UNSUPPORTED_API_VERSION")


def test_a_version_that_never_was_is_no_path(client: Client) -> None:
    for version in ("69.0", "99.0", "66", "66.5", "iAmABadVersion"):
        missing = client.rest("GET", "/limits", version=version)
        assert (missing.status_code, missing.json()) == (404, MISSING)
    assert fault_of(bulk_job(client, "69.0"))[:2] == (400, "InvalidVersion")


def test_an_org_may_not_have_the_latest_version_yet(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"versions": {"max": 66}})
    assert list(list_versions(client))[-1] == "66.0"
    assert client.rest("GET", "/limits", version="66.0").ok
    missing = client.rest("GET", "/limits", version="67.0")
    assert (missing.status_code, missing.json()) == (404, MISSING)
    assert fault_of(bulk_job(client, "67.0"))[:2] == (400, "InvalidVersion")
    emulator.reset()
    assert list(list_versions(client))[-1] == "68.0"


def test_an_org_of_a_later_year_has_retired_more_versions(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"versions": {"min": 41}})
    assert next(iter(list_versions(client))) == "41.0"
    assert client.rest("GET", "/limits", version="40.0").status_code == 410
    assert client.rest("GET", "/limits", version="41.0").ok


def test_a_request_inside_another_meets_the_versions_of_the_org(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"versions": {"min": 41, "max": 66}})
    asked = [
        {"method": "GET", "url": f"/services/data/v{version}/limits", "referenceId": f"of{version[:2]}"}
        for version in ("40.0", "66.0", "67.0")
    ]
    answer = client.rest("POST", "/composite", {"compositeRequest": asked}).json()
    assert [one["httpStatusCode"] for one in answer["compositeResponse"]] == [410, 200, 404]


@pytest.mark.parametrize("versions", [{"min": 30}, {"max": 69}, {"min": 50, "max": 49}])
def test_an_org_file_names_versions_that_the_emulator_knows(versions: dict[str, int]) -> None:
    with pytest.raises(OrgError, match="versions: min and max lie between 31 and 68"):
        read_org({"extends": "default", "versions": versions})


def _rows(client: Client, version: str) -> list[requests.Response]:
    account = {"attributes": {"type": "Account"}, "Name": "A"}
    records = {"records": [account]}
    return [
        client.rest("POST", "/composite/sobjects", records, version=version),
        client.rest("GET", "/composite/sobjects/Account?ids=&fields=Id", version=version),
    ]


def test_collections_came_with_v42_and_their_upsert_with_v46(client: Client) -> None:
    assert [answer.json() for answer in _rows(client, "41.0")] == [MISSING, MISSING]
    assert MISSING not in [answer.json() for answer in _rows(client, "42.0")]
    row = {"attributes": {"type": "Account"}, "Name": "A", "External_Id__c": "k1"}

    def upsert(version: str) -> Any:
        path = "/composite/sobjects/Account/External_Id__c"
        return client.rest("PATCH", path, {"records": [row]}, version=version).json()

    assert upsert("45.0") == MISSING
    assert upsert("46.0")[0]["created"] is True


@pytest.mark.parametrize(
    ("method", "path", "first"),
    [
        ("POST", "/sobjects/Account/Id", 37),
        ("GET", "/sobjects/Order_Update__e/eventSchema", 40),
    ],
)
def test_a_resource_is_no_path_before_its_version(client: Client, method: str, path: str, first: int) -> None:
    body = {"Name": "A"} if method == "POST" else None
    before = client.rest(method, path, body, version=f"{first - 1}.0")
    assert (before.status_code, before.json()) == (404, MISSING)
    assert client.rest(method, path, body, version=f"{first}.0").json() != MISSING


def test_the_pages_of_a_query_job_can_be_listed_from_v58_on(client: Client) -> None:
    body = {"operation": "query", "query": "SELECT Id FROM User"}
    for version, missing in (("57.0", True), ("58.0", False)):
        job = client.rest("POST", "/jobs/query", body, version=version).json()["id"]
        client.wait_for_job(f"/query/{job}")
        pages = client.rest("GET", f"/jobs/query/{job}/resultPages", version=version)
        assert (pages.json() == MISSING) is missing


def test_a_request_inside_another_finds_no_earlier_resource_either(client: Client) -> None:
    inner = {"method": "POST", "body": {"records": []}, "referenceId": "one"}
    asked = [{**inner, "url": "/services/data/v41.0/composite/sobjects"}]
    [answer] = client.rest("POST", "/composite", {"compositeRequest": asked}).json()["compositeResponse"]
    assert (answer["httpStatusCode"], answer["body"]) == (404, MISSING)


def test_picklist_values_can_be_selected_from_v40_on(client: Client) -> None:
    statement = "SELECT Value FROM PicklistValueInfo WHERE EntityParticle.EntityDefinition.QualifiedApiName = 'Account'"
    before = client.rest("GET", "/query", params={"q": statement}, version="39.0")
    assert (before.status_code, before.json()[0]["errorCode"]) == (400, "INVALID_TYPE")
    assert client.rest("GET", "/query", params={"q": statement}, version="40.0").json()["totalSize"] > 0


def test_global_value_sets_are_tooling_from_v39_and_metadata_from_v38_on(client: Client) -> None:
    statement = "SELECT DeveloperName FROM GlobalValueSet"
    before = client.rest("GET", "/tooling/query", params={"q": statement}, version="38.0")
    assert before.json()[0]["errorCode"] == "INVALID_TYPE"
    assert client.rest("GET", "/tooling/sobjects/GlobalValueSet/describe", version="38.0").json() == MISSING
    assert client.rest("GET", "/tooling/query", params={"q": statement}, version="39.0").json()["totalSize"] == 1

    def read(version: str) -> requests.Response:
        wanted = "<readMetadata><type>GlobalValueSet</type><fullNames>Territories</fullNames></readMetadata>"
        return metadata.post(client, metadata.message(wanted, client.token), version)

    assert "INVALID_TYPE" in read("37.0").text
    assert "North" in read("38.0").text


def test_metadata_are_listed_by_the_types_of_their_version(client: Client) -> None:
    def types(version: str) -> list[str]:
        body = "<describeMetadata><asOfVersion>58.0</asOfVersion></describeMetadata>"
        text = metadata.post(client, metadata.message(body, client.token), version).text
        return [part.partition("<")[0] for part in text.split("<xmlName>")[1:]]

    assert types("37.0") == ["CustomObject"]
    assert types("38.0") == ["CustomObject", "GlobalValueSet", "StandardValueSet"]
    listing = "<listMetadata><queries><type>GlobalValueSet</type></queries></listMetadata>"
    answers = [metadata.post(client, metadata.message(listing, client.token), one).text for one in ("37.0", "38.0")]
    assert ["Territories" in answer for answer in answers] == [False, True]


def test_a_bulk_2_job_takes_an_assignment_rule_from_v49_on(client: Client, emulator: Emulator) -> None:
    rule = {"name": "Leads", "owner": emulator.username}
    emulator.change_org({"objects": {"Lead": {"assignmentRules": [rule]}}})
    [made] = emulator.world.org.objects["Lead"].assignment_rules
    job = {"object": "Lead", "operation": "insert", "contentType": "CSV", "assignmentRuleId": made.id}
    before = client.rest("POST", "/jobs/ingest", job, version="48.0")
    assert (before.status_code, before.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert client.rest("POST", "/jobs/ingest", job, version="49.0").ok


@pytest.mark.parametrize(("version", "there"), [("31.0", True), ("64.0", True), ("65.0", False), ("68.0", False)])
def test_soap_login_ends_with_v64(client: Client, emulator: Emulator, version: str, there: bool) -> None:
    inner = f"<u:username>{emulator.username}</u:username><u:password>{emulator.password}</u:password>"
    url = f"{emulator.login_url}/services/Soap/u/{version}"
    answer = client.http.post(url, data=soap.message("login", inner, None), headers=soap.HEADERS)
    assert answer.ok is there
    assert there or soap.fault(answer)[1] == "soapenv:Client"
    assert user_info(client, version).ok, "other calls stay"


def test_what_was_recorded_in_a_retired_version_is_replayed_in_one_that_is_served(client: Client) -> None:
    replay = Replay(client, frozenset())
    for version, status in (("23.0", 200), ("30.0", 200), ("61.0", 200), ("iAmABadVersion", 404)):
        exchange = Exchange("GET", f"/services/data/v{version}/limits", {}, "", status, None)
        assert not [line for line in replay.differences(exchange) if line.startswith("status")], version
