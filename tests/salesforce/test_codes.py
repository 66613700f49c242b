from __future__ import annotations

import re
from pathlib import Path

import connector_salesforce
import pytest
from click.testing import CliRunner
from connector_salesforce.errors.codes import CONTENT_RULES, Scope, classify, normalize_code, scopes, table
from connector_salesforce.errors.exceptions import CallFailed

from connector_sdk import Action, Executed, Kind, RowError
from connector_sdk.cli.app import connector

TRIGGER = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"

MUST_NAME = {
    "ApiBatchItems Limit exceeded.": ["batches"],
    "CANNOT_UPDATE_CONVERTED_LEAD": ["IsConverted"],
    "DUPLICATE_EXTERNAL_ID": ["several records"],
    "DUPLICATES_DETECTED": ["duplicate rule", "allow"],
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": ["refers to"],
    "INSUFFICIENT_ACCESS_OR_READONLY": ["Edit"],
    "INVALID_CROSS_REFERENCE_KEY": ["sandbox", "default record type"],
    "INVALID_FIELD_FOR_INSERT_UPDATE": ["default record type"],
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": ["casing", "record type", "inactive"],
    "INVALID_TYPE_ON_FIELD_IN_RECORD": ["before-save flow"],
    "OAUTH_APP_BLOCKED": ["Connected Apps OAuth Usage", "View Setup and Configuration"],
    "UNABLE_TO_LOCK_ROW": ["five"],
    "TOO_MANY_APEX_REQUESTS": ["200"],
    "Reference not found": ["Reference not found"],
    "app_not_found": ["Connected Apps OAuth Usage"],
}


def row(code: str, action: Action = Action.CREATE) -> RowError:
    return RowError(code, "words", action)


def test_every_code_has_a_cause_and_an_advice() -> None:
    bare = [code for code, each in table().items() if not each.cause or not each.advice]
    assert not bare
    assert len(table()) > 194


def test_every_code_that_this_plugin_gives_is_in_the_table() -> None:
    sources = Path(connector_salesforce.__file__).parent.rglob("*.py")
    raised = re.compile(r'(?:CallFailed|NotExecuted|Refusal)\((?:[^()"]*,\s*)?"([A-Za-z0-9_]+)"')
    given = {code for each in sources for code in raised.findall(each.read_text(encoding="utf-8"))}
    assert len(given) > 15
    assert given <= table().keys()


def test_what_is_about_one_row_never_stops_a_run() -> None:
    assert scopes().keys() == table().keys()
    assert not [code for code, each in table().items() if scopes()[code] is Scope.ROW and each.kind is Kind.FATAL]
    assert not [code for code, each in table().items() if scopes()[code] is Scope.LOGIN and each.kind is Kind.REJECTED]


@pytest.mark.parametrize(
    ("code", "message", "name"),
    [
        ("invalid_grant", "expired access/refresh token", "invalid_grant_expired"),
        ("invalid_grant", "user hasn't approved this consumer", "invalid_grant_not_approved"),
        ("invalid_grant", "user is not admin approved to access this app", "invalid_app_access"),
        ("invalid_grant", "audience is invalid", "invalid_grant_audience"),
        ("invalid_grant", "Audience validation failed", "invalid_grant_audience"),
        ("invalid_grant", "no client credentials user enabled", "invalid_grant_no_user"),
        ("invalid_grant", "expired authorization code", "invalid_grant_code"),
        ("invalid_grant", "invalid assertion", "invalid_grant_assertion"),
        ("invalid_grant", "authentication failure - Invalid Password", "invalid_grant_credentials"),
        ("invalid_grant", "ip restricted", "invalid_grant_ip"),
        ("invalid_grant", "words that nobody knows", "invalid_grant"),
        ("invalid_client", "app must be installed into org", "app_not_found"),
        ("invalid_client", "invalid client credentials", "invalid_client"),
    ],
)
def test_a_refused_login_is_told_by_what_an_admin_has_to_do(code: str, message: str, name: str) -> None:
    assert normalize_code(code, message) == name
    assert classify(row(name)) is not None


@pytest.mark.parametrize("code", MUST_NAME)
@pytest.mark.parametrize("spelling", [str, str.lower])
def test_explain_says_cause_and_solution(code: str, spelling: type[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    said = CliRunner().invoke(connector, ["explain", *spelling(code).split()])
    assert said.exit_code == 0, said.output
    assert "cause" in said.stdout
    assert "solution" in said.stdout
    for word in MUST_NAME[code]:
        assert word.lower() in said.stdout.lower()


def test_every_code_that_a_rule_makes_is_in_the_table() -> None:
    assert {each.name for each in CONTENT_RULES} <= table().keys()


@pytest.mark.parametrize("code", MUST_NAME)
@pytest.mark.parametrize("spelling", [str, str.upper, str.lower])
def test_codes_are_explained_in_any_case_and_name_their_less_obvious_causes(code: str, spelling: type[str]) -> None:
    known = classify(row(spelling(code)))
    assert known is not None
    for word in MUST_NAME[code]:
        assert word.lower() in f"{known.cause} {known.advice}".lower()


@pytest.mark.parametrize(
    ("code", "message", "name"),
    [
        ("INVALID_FIELD", "Foreign key external ID: a-404 not found for field Ext__c in", "REFERENCE_NOT_FOUND"),
        ("INVALID_FIELD", "Failed to deserialize field at col 3. Due to, 'abc' is not a", "INVALID_VALUE"),
        ("INVALID_FIELD", "No such column 'x' on sobject of type Contact", "FIELD_NOT_FOUND"),
        ("InvalidBatch", "Field name not found : Foo__c", "FIELD_NOT_FOUND"),
        (TRIGGER, "T: execution of AfterInsert caused by: UNABLE_TO_LOCK_ROW, unable", "UNABLE_TO_LOCK_ROW"),
        (TRIGGER, "T: System.LimitException: Too many SOQL queries: 101", "APEX_LIMIT_EXCEEDED"),
        (TRIGGER, "T: execution of AfterInsert caused by: a bug", TRIGGER),
        ("DUPLICATE_VALUE", "Duplicate external id specified: a-1", "DUPLICATE_KEY_IN_REQUEST"),
        ("DUPLICATE_VALUE", "duplicate value found: Ext__c duplicates value on record with id: 001", "DUPLICATE_VALUE"),
        ("BRAND_NEW_CODE_2027", "No such column", "BRAND_NEW_CODE_2027"),
    ],
)  # fmt: skip
def test_codes_that_mean_unlike_things_are_told_apart(code: str, message: str, name: str) -> None:
    assert normalize_code(code, message) == name


def test_a_lost_race_on_a_new_key_is_tried_once_more_only_in_an_upsert() -> None:
    upsert, insert = (classify(row("DUPLICATE_VALUE", action)) for action in (Action.UPSERT, Action.CREATE))
    assert upsert is not None
    assert insert is not None
    assert (upsert.kind, upsert.attempts) == (Kind.TRANSIENT, 2)
    assert insert.kind is Kind.REJECTED


@pytest.mark.parametrize("code", ["ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"])
@pytest.mark.parametrize("action", [Action.DELETE, Action.UPDATE])
def test_a_record_that_is_gone_is_to_be_forgotten(code: str, action: Action) -> None:
    known = classify(row(code, action))
    assert known is not None
    assert (known.record_gone, known.kind) == (True, Kind.REJECTED)


def test_a_code_that_nobody_knows_is_left_to_the_core() -> None:
    assert classify(row("BRAND_NEW_CODE_2027")) is None
    assert classify(Exception("surprise")) is None


@pytest.mark.parametrize("code", ["INVALID_FIELD", "UNABLE_TO_LOCK_ROW", "CONNECTION_LOST", "ERROR_HTTP_503"])
def test_a_row_that_failed_was_not_executed(code: str) -> None:
    known = classify(row(code))
    assert known is not None
    assert known.executed is Executed.NO


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UNABLE_TO_LOCK_ROW", Kind.TRANSIENT),
        ("TOO_MANY_APEX_REQUESTS", Kind.THROTTLED),
        ("CONCURRENT_REQUESTS_EXCEEDED", Kind.THROTTLED),
        ("REQUEST_LIMIT_EXCEEDED", Kind.FATAL),
        ("ExceededQuota", Kind.FATAL),
        ("STORAGE_LIMIT_EXCEEDED", Kind.FATAL),
        ("FIELD_NOT_FOUND", Kind.FATAL),
        ("InvalidEntity", Kind.FATAL),
        ("OAUTH_APP_BLOCKED", Kind.FATAL),
        ("REQUIRED_FIELD_MISSING", Kind.REJECTED),
        ("LITERAL_NA", Kind.REJECTED),
        ("InvalidJobState", Kind.TRANSIENT),
        ("NOT_CONNECTED", Kind.TRANSIENT),
    ],
)
def test_codes_ask_for_what_the_reference_says(code: str, kind: Kind) -> None:
    known = classify(row(code))
    assert known is not None
    assert known.kind is kind


def test_a_failed_call_says_itself_whether_it_was_executed() -> None:
    known = classify(CallFailed("UNABLE_TO_LOCK_ROW", "m", Executed.MAYBE, retry_after=7.0))
    assert known is not None
    assert (known.kind, known.executed, known.retry_after) == (Kind.TRANSIENT, Executed.MAYBE, 7.0)


@pytest.mark.parametrize(("status", "kind"), [(None, Kind.TRANSIENT), (599, Kind.TRANSIENT), (418, Kind.FATAL)])
def test_a_failed_call_with_an_unknown_code_is_judged_by_its_status(status: int | None, kind: Kind) -> None:
    known = classify(CallFailed("WHATEVER", "m", Executed.MAYBE, status=status))
    assert known is not None
    assert known.kind is kind


def test_what_fewer_calls_at_the_same_time_would_avoid_is_crowded() -> None:
    overloaded = {code for code, each in table().items() if each.overloaded}
    assert overloaded == {
        "CONCURRENT_REQUESTS_EXCEEDED", "TOO_MANY_APEX_REQUESTS", "UNABLE_TO_LOCK_ROW", "TooManyLockFailure",
    }  # fmt: skip
    concurrent = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    assert normalize_code("REQUEST_LIMIT_EXCEEDED", concurrent) in overloaded
