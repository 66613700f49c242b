from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa
import pytest
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.match import match
from connector_salesforce.org.org import Org
from connector_salesforce.transport.sending import Answer, Request

from connector_sdk import MATCH_SCHEMA, ConfigError

from .scripted import (
    CONTACT_FIELDS,
    ScriptedTransport,
    add_objects,
    answer,
    described_field,
    described_object,
    org,
    read_body,
)

FIELDS = [
    *CONTACT_FIELDS,
    described_field("Exact__c", externalId=True, idLookup=True, length=64),
    described_field("Cased__c", externalId=True, unique=True, caseSensitive=True, length=64),
    described_field("Number__c", "double", externalId=True, unique=True, precision=18),
]
A, B = "003000000000001AAA", "003000000000002AAA"


def build_org(records: Sequence[Mapping[str, Any]]) -> tuple[ScriptedTransport, Org]:
    """Return an org that answers a query with all records whose value is in it; like SOQL, it ignores case."""
    transport = ScriptedTransport()
    add_objects(transport, described_object("Contact", FIELDS), described_object("Lead", FIELDS))

    def answer_query(request: Request) -> Answer:
        query = soql(request)
        field = re.search(r"WHERE (\w+) IN", query)
        assert field
        asked = query.partition(" IN ")[2].lower()
        matching = [each for each in records if f"'{each[field[1]]}'".lower() in asked or "7.00" in asked]
        return answer({"records": matching, "done": True})

    def answer_composite(request: Request) -> Answer:
        asked = json.loads(read_body(request))["compositeRequest"]
        answers = [(each["referenceId"], answer_query(Request("GET", each["url"]))) for each in asked]
        return answer({"compositeResponse": [
            {"referenceId": name, "httpStatusCode": 200, "body": json.loads(said.body)} for name, said in answers
        ]})  # fmt: skip

    transport.on("GET", r".*/query\?.*", answer_query)
    transport.on("POST", ".*/composite", answer_composite)
    return transport, org(transport)


def soql(request: Request) -> str:
    return parse_qs(urlsplit(request.url).query)["q"][0]


def pairs(opened: Org, field: str, values: Sequence[Any], type_: Any = None) -> list[tuple[int, str | None]]:
    table = match(opened, ["Contact"], field, pa.array(values, type_ or pa.string()))
    assert table.schema == MATCH_SCHEMA
    return sorted((line["position"], line["record_id"]) for line in table.to_pylist())


def test_values_are_paired_by_position_and_asked_for_once() -> None:
    transport, opened = build_org([{"Id": A, "External_Id__c": "k1"}, {"Id": B, "External_Id__c": "k2"}])
    assert pairs(opened, "External_Id__c", ["k2", "k9", "k1", "k2", None, "", "  "]) == [(0, B), (2, A), (3, B)]
    (query,) = map(soql, transport.find_requests("GET", "query"))
    assert query == "SELECT Id, External_Id__c FROM Contact WHERE External_Id__c IN ('k2','k9','k1')"


def test_a_unique_field_compares_without_case_and_outer_blanks() -> None:
    _, opened = build_org([{"Id": A, "External_Id__c": "Key"}])
    assert pairs(opened, "External_Id__c", ["KEY", " key "]) == [(0, A), (1, A)]


def test_keys_of_other_letters_are_other_keys_though_capitals_would_spell_them_alike() -> None:
    _, opened = build_org([{"Id": A, "External_Id__c": "straße"}, {"Id": B, "External_Id__c": "strasse"}])
    assert pairs(opened, "External_Id__c", ["strasse", "STRAßE", "ﬁrst"]) == [(0, B), (1, A)]
    _, opened = build_org([{"Id": A, "External_Id__c": "ÄÉÎ"}])
    assert pairs(opened, "External_Id__c", ["äéî"]) == [(0, A)]


@pytest.mark.parametrize("field", ["Exact__c", "Cased__c"])
def test_other_fields_compare_exactly_whatever_soql_finds(field: str) -> None:
    _, opened = build_org([{"Id": A, field: "Key"}, {"Id": B, field: "key"}])
    assert pairs(opened, field, ["key", " Key"]) == [(0, B), (1, A)]


def references(opened: Org, field: str, values: Sequence[str]) -> list[tuple[int, str | None]]:
    table = match(opened, ["Contact"], field, pa.array(values, pa.string()), is_reference=True)
    return sorted((line["position"], line["record_id"]) for line in table.to_pylist())


@pytest.mark.rule("V16")
def test_references_compare_without_case_unless_the_field_minds_it() -> None:
    for field, found in (("Exact__c", [(0, A), (0, B), (1, A), (1, B)]), ("Cased__c", [(0, B), (1, A)])):
        _, opened = build_org([{"Id": A, field: "Key"}, {"Id": B, field: "key"}])
        assert references(opened, field, ["key", " Key"]) == found


@pytest.mark.rule("V16")
def test_spellings_of_one_reference_are_one_question_and_of_letters_beyond_ascii_one_each() -> None:
    transport, opened = build_org([{"Id": A, "Exact__c": "Acme"}, {"Id": B, "Exact__c": "Ünal"}])
    found = references(opened, "Exact__c", ["ACME", "acme", "ÜNAL", "ünal", "Ünal"])
    assert found == [(0, A), (1, A), (2, B), (3, B), (4, B)]
    (query,) = map(soql, transport.find_requests("GET", "query"))
    assert query == "SELECT Id, Exact__c FROM Contact WHERE Exact__c IN ('ACME','ÜNAL','ünal','Ünal')"


@pytest.mark.rule("V16")
@pytest.mark.parametrize(("held", "sought"), [("İstanbul", "istanbul"), ("Straße", "STRASSE"), ("ﬁrst", "FIRST")])
def test_letters_that_are_others_in_capitals_make_other_references(held: str, sought: str) -> None:
    _, opened = build_org([{"Id": A, "Exact__c": held}, {"Id": B, "Exact__c": sought}])
    assert references(opened, "Exact__c", [sought, held]) == [(0, B), (1, A)]


def test_several_records_of_one_key_are_all_answered() -> None:
    _, opened = build_org([{"Id": A, "Exact__c": "k"}, {"Id": B, "Exact__c": "k"}])
    assert pairs(opened, "Exact__c", ["k"]) == [(0, A), (0, B)]


def test_numbers_compare_by_value() -> None:
    _, opened = build_org([{"Id": A, "Number__c": 7.0}])
    assert pairs(opened, "Number__c", [Decimal("7.00")], pa.decimal128(18, 2)) == [(0, A)]


def test_ids_compare_as_18_characters_and_what_is_no_id_is_never_asked_for() -> None:
    transport, opened = build_org([{"Id": "0035g00000ABCDeAAP"}])
    values = ["0035g00000ABCDe", "0035g00000ABCDeAAP", "0035g00000abcdeAAP", "x' OR Name LIKE '%"]
    found = [(0, "0035g00000ABCDeAAP"), (1, "0035g00000ABCDeAAP"), (2, None), (3, None)]
    assert pairs(opened, "Id", values) == found
    (query,) = map(soql, transport.find_requests("GET", "query"))
    assert query == "SELECT Id FROM Contact WHERE Id IN ('0035g00000ABCDeAAP')"


MANY = [f"schlüssel-{n:08}" for n in range(10_000)]


def query_urls(transport: ScriptedTransport) -> list[list[str]]:
    """Return the addresses of the queries, by call."""
    return [[each["url"] for each in json.loads(read_body(call))["compositeRequest"]]
            for call in transport.find_requests("POST", "composite")]  # fmt: skip


def test_ten_thousand_values_are_asked_for_by_one_call() -> None:
    transport, opened = build_org([{"Id": A, "External_Id__c": MANY[1]}])
    assert pairs(opened, "External_Id__c", MANY) == [(1, A)]
    (call,) = query_urls(transport)
    assert len(call) == 5
    assert all(len(unquote(each)) < 100_100 for each in call)
    assert sum(unquote(each).count("schl") for each in call) == 10_000
    assert transport.find_requests("GET", "query") == []


@pytest.mark.parametrize("status", [414, 431, 400])
def test_an_org_that_takes_no_long_queries_is_asked_in_short_ones_from_then_on(status: int) -> None:
    transport, opened = build_org([{"Id": A, "External_Id__c": MANY[1]}])
    (_, _, composed) = transport.handlers[0]
    long: list[Request] = []

    def refuse_long_urls(request: Request) -> Answer | Exception:
        urls = [each["url"] for each in json.loads(read_body(request))["compositeRequest"]]
        if max(map(len, urls)) < 16_000:
            return composed(request)
        long.append(request)
        body = [{"errorCode": "URI_TOO_LONG", "message": "m"}]
        return answer({"compositeResponse": [
            {"referenceId": f"q{n}", "httpStatusCode": status, "body": body} for n in range(len(urls))
        ]})  # fmt: skip

    transport.on("POST", ".*/composite", refuse_long_urls)
    for _ in range(2):
        assert pairs(opened, "External_Id__c", MANY) == [(1, A)]
    calls = [each for each in query_urls(transport) if max(map(len, each)) < 16_000]
    assert (len(long), len(transport.find_requests("GET", "query"))) == (1, 0)
    assert sum(unquote(url).count("schl") for each in calls for url in each) == 20_000
    assert len(calls) == 2 * -(-sum(map(len, calls)) // 2 // 5)


def test_a_few_values_are_asked_for_by_a_plain_query() -> None:
    transport, opened = build_org([])
    pairs(opened, "External_Id__c", MANY[:300])
    assert (len(transport.find_requests("GET", "query")), query_urls(transport)) == (1, [])


@pytest.mark.parametrize("body", [{}, [], {"compositeResponse": [{}]}])
def test_a_composite_answer_that_cannot_be_read_is_a_failed_call(body: Any) -> None:
    transport, opened = build_org([])
    transport.on("POST", ".*/composite", answer(body))
    with pytest.raises(CallFailed, match="ANSWER_UNREADABLE"):
        pairs(opened, "External_Id__c", [f"schlüssel-{n:08}" for n in range(3_000)])


def test_a_query_that_fails_within_a_composite_fails_the_look_up() -> None:
    transport, opened = build_org([])
    failed = [{"errorCode": "QUERY_TIMEOUT", "message": "m"}]
    answers = [{"referenceId": f"q{n}", "httpStatusCode": 400, "body": failed} for n in range(5)]
    transport.on("POST", ".*/composite", answer({"compositeResponse": answers}))
    with pytest.raises(CallFailed, match="QUERY_TIMEOUT"):
        pairs(opened, "External_Id__c", [f"schlüssel-{n:08}" for n in range(3_000)])


def test_few_values_of_many_rows_are_one_query() -> None:
    transport, opened = build_org([])
    pairs(opened, "External_Id__c", ["a", "b", "c"] * 3_000)
    assert len(transport.find_requests("GET", "query")) == 1


def test_nothing_asked_for_is_no_call() -> None:
    transport, opened = build_org([])
    assert pairs(opened, "External_Id__c", []) == pairs(opened, "External_Id__c", [None]) == []
    assert transport.find_requests("GET", "query") == []


def test_each_object_is_searched() -> None:
    _, opened = build_org([{"Id": A, "External_Id__c": "k", "IsConverted": False}])
    lines = match(opened, ["Contact", "Lead"], "external_id__c", pa.array(["k"])).to_pylist()
    assert [line["object_name"] for line in lines] == ["Contact", "Lead"]


def test_conditions_are_a_part_of_every_query() -> None:
    transport, opened = build_org([])
    conditions = {"Exact__c": "O'Brien", "Number__c": Decimal("1.50"), "Cased__c": True}
    for values in (["a"], MANY):
        match(opened, ["Contact"], "External_Id__c", pa.array(values), conditions=conditions)
    queries = [soql(each) for each in transport.find_requests("GET", "query")]
    queries += [parse_qs(urlsplit(url).query)["q"][0] for call in query_urls(transport) for url in call]
    assert len(queries) > 2
    ending = r") AND Exact__c = 'O\'Brien' AND Number__c = 1.50 AND Cased__c = TRUE"
    assert all(each.endswith(ending) and len(each) < 100_000 for each in queries)


def test_a_field_that_the_user_cannot_see_is_a_configuration_error() -> None:
    _, opened = build_org([])
    with pytest.raises(ConfigError, match="absent or hidden from this user"):
        match(opened, ["Contact"], "Hidden__c", pa.array(["x"]))


@pytest.mark.parametrize("value", ["x' OR Name LIKE '%", "a\\", "a'b", "new\nline", '"', "ü+&="])
def test_values_never_become_part_of_a_query(value: str) -> None:
    transport, opened = build_org([])
    pairs(opened, "External_Id__c", [value])
    (query,) = map(soql, transport.find_requests("GET", "query"))
    inner = query.partition(" IN ('")[2].removesuffix("')")
    assert re.fullmatch(r"(?:[^'\\\n\"]|\\.)*", inner)
