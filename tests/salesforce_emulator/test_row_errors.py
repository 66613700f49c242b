"""Rows that are refused over REST: code, text and fields."""

from __future__ import annotations

import pytest

from tests.salesforce_emulator.client import Client

READ_ONLY = (
    "Unable to create/update fields: {}. Please check the security settings of this field and verify that it is "
    "read/write for your profile or permission set."
)


@pytest.mark.parametrize(
    ("fields", "message", "code", "names"),
    [
        ({"FirstName": "x"}, "Required fields are missing: [LastName]", "REQUIRED_FIELD_MISSING", ["LastName"]),
        ({"LastName": None}, "Required fields are missing: [LastName]", "REQUIRED_FIELD_MISSING", ["LastName"]),
        ({"Color__c": "x"}, "No such column 'Color__c' on sobject of type Contact", "INVALID_FIELD", None),
        ({"Secret__c": "x"}, "No such column 'Secret__c' on sobject of type Contact", "INVALID_FIELD", None),
        ({"Name": "x"}, READ_ONLY.format("Name"), "INVALID_FIELD_FOR_INSERT_UPDATE", ["Name"]),
        (
            {"Review_State__c": "x", "Open_Cases__c": 1},
            READ_ONLY.format("Review_State__c, Open_Cases__c"),
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            ["Review_State__c", "Open_Cases__c"],
        ),
        (
            {"Title": "x" * 129},
            f"Title: data value too large: {'x' * 129} (max length=128)",
            "STRING_TOO_LONG",
            ["Title"],
        ),
        ({"Email": "badone"}, "Email: invalid email address: badone", "INVALID_EMAIL_ADDRESS", ["Email"]),
        (
            {"Tier__c": "gold"},
            "Tier: bad value for restricted picklist field: gold",
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            ["Tier__c"],
        ),
        (
            {"DoNotCall": None},
            "Do Not Call: value not of required type: ",
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            ["DoNotCall"],
        ),
        (
            {"Credit_Limit__c": 1e16},
            "Credit Limit: value outside of valid range on numeric field: 1e+16",
            "NUMBER_OUTSIDE_VALID_RANGE",
            ["Credit_Limit__c"],
        ),
        ({"AccountId": "x"}, "Account ID: id value of incorrect type: x", "MALFORMED_ID", ["AccountId"]),
        (
            {"AccountId": "0035g0000000001AAA"},
            "Account ID: id value of incorrect type: 0035g0000000001AAA",
            "MALFORMED_ID",
            ["AccountId"],
        ),
        ({"AccountId": "0015g0000000zzzAAA"}, "invalid cross reference id", "INVALID_CROSS_REFERENCE_KEY", []),
        (
            {"Id": "0035g0000000001AAA"},
            "cannot specify Id in an insert call",
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            ["Id"],
        ),
        (
            {"Account": {"External_Id__c": "a-404"}},
            "Foreign key external ID: a-404 not found for field External_Id__c in entity Account",
            "INVALID_FIELD",
            [],
        ),
    ],
)
def test_a_bad_row_is_refused_with_code_text_and_fields(
    client: Client, fields: dict[str, object], message: str, code: str, names: list[str] | None
) -> None:
    answer = client.rest(
        "POST", "/sobjects/Contact", {"LastName": "One", **fields} if "First" not in str(fields) else fields
    )
    assert answer.status_code == 400
    expected = {"message": message, "errorCode": code}
    assert answer.json() == [expected if names is None else {**expected, "fields": names}]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"Birthdate": "2020-13-01"}, "date from VALUE_STRING value 2020-13-01"),
        ({"Birthdate": ""}, "date from VALUE_STRING value "),
        ({"Last_Seen__c": "2017-10-17 00:00:00"}, "dateTime from VALUE_STRING value 2017-10-17 00:00:00"),
        ({"Last_Seen__c": "2017-10-17"}, "dateTime from VALUE_STRING value 2017-10-17"),
        ({"Credit_Limit__c": "abc"}, "double from VALUE_STRING value abc"),
        ({"DoNotCall": "yes"}, "boolean from VALUE_STRING value yes"),
        ({"Title": 5}, "string from VALUE_NUMBER_INT value 5"),
        ({"Title": True}, "string from VALUE_TRUE value true"),
    ],
)
def test_a_value_of_the_wrong_type_is_a_parser_error(client: Client, fields: dict[str, object], text: str) -> None:
    answer = client.rest("POST", "/sobjects/Contact", {"LastName": "One", **fields})
    [error] = answer.json()
    assert (answer.status_code, error["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert error["message"].startswith(f"Cannot deserialize instance of {text}")


def test_a_body_that_is_no_json_is_refused(client: Client) -> None:
    answer = client.rest("POST", "/sobjects/Contact", data="{nonsense")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
