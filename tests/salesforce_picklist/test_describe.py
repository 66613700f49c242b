from __future__ import annotations

import pytest
from connector_salesforce import CallFailed
from connector_salesforce_picklist.describe import discover_schema

from connector_sdk import ConfigError

from ..salesforce.scripted import ScriptedTransport, add_objects, answer, described_object, org

DESCRIBE = "/services/data/v58.0/sobjects/Account/describe"


def list_account() -> ScriptedTransport:
    """Return the transport of an org that lists accounts."""
    transport = ScriptedTransport()
    add_objects(transport, described_object("Account", keyPrefix="001"))
    return transport


def test_an_object_that_is_listed_and_cannot_be_found_is_none_that_the_user_can_see() -> None:
    """An object may disappear, or be hidden from the user, between the two calls."""
    transport = list_account()
    transport.on("GET", DESCRIBE, answer([{"errorCode": "NOT_FOUND", "message": "does not exist"}], 404))
    with pytest.raises(ConfigError, match="Account"):
        discover_schema(org(transport), "Account", refresh=False)


def test_a_call_that_is_refused_is_not_taken_for_a_missing_object() -> None:
    transport = list_account()
    transport.on("GET", DESCRIBE, answer([{"errorCode": "API_DISABLED_FOR_ORG", "message": "no API"}], 403))
    with pytest.raises(CallFailed) as failed:
        discover_schema(org(transport), "Account", refresh=False)
    assert failed.value.code == "API_DISABLED_FOR_ORG"


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one() -> None:
    with pytest.raises(ConfigError) as raised:
        discover_schema(org(list_account()), "Acount", refresh=False)
    assert "Account" in (raised.value.problems[0].hint or "")
