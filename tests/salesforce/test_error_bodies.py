from __future__ import annotations

import json

import pytest
from connector_salesforce.transport.error_bodies import fault

from connector_sdk import Executed


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ('[{"message":"m","errorCode":"C"}]', "C", "m"),
        ('[{"errorCode":"C","message":"m"},{"errorCode":"D","message":"n"}]', "C", "m; n"),
        ('{"exceptionCode":"InvalidSessionId","exceptionMessage":"m"}', "InvalidSessionId", "m"),
        ('{"error":"invalid_grant","error_description":"expired access/refresh token"}', "invalid_grant_expired",
         "expired access/refresh token"),
        ("<Errors><Error><errorCode>C</errorCode><message>m</message></Error></Errors>", "C", "m"),
        ('<?xml version="1.0"?><error xmlns="http://www.force.com/2009/06/asyncapi/dataload"><exceptionCode>C'
         "</exceptionCode><exceptionMessage>m</exceptionMessage></error>", "C", "m"),
        ('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>sf:C</faultcode>'
         "<faultstring>C: m</faultstring></e:Fault></e:Body></e:Envelope>", "C", "m"),
        ("<html><h1>Down for maintenance</h1></html>", "ERROR_HTTP_400", "Down for maintenance"),
        ("[]", "ERROR_HTTP_400", "[]"),
        ('["/services/data/v58.0/sobjects/Account/1"]', "ERROR_HTTP_400",
         '["/services/data/v58.0/sobjects/Account/1"]'),
        ("", "ERROR_HTTP_400", "the server answered 400"),
        ("{broken", "ERROR_HTTP_400", "{broken"),
    ],
)  # fmt: skip
def test_an_error_is_read_in_every_form_that_salesforce_uses(body: str, code: str, message: str) -> None:
    read = fault(400, {}, body.encode())
    assert (read.code, read.message) == (code, message)


def test_a_document_type_in_an_answer_is_not_read() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><error><exceptionCode>&b;</exceptionCode></error>'
    assert fault(400, {}, bomb).code == "ERROR_HTTP_400"
    assert fault(400, {}, bomb.decode().encode("utf-16")).code == "ERROR_HTTP_400"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("TotalRequests Limit exceeded.", "REQUEST_LIMIT_EXCEEDED"),
        ("ConcurrentRequests (Concurrent API Requests) Limit exceeded.", "CONCURRENT_REQUESTS_EXCEEDED"),
        ("ConcurrentPerOrgLongTxn Limit exceeded", "CONCURRENT_REQUESTS_EXCEEDED"),
    ],
)
def test_a_days_quota_is_told_from_too_much_at_once(message: str, code: str) -> None:
    read = fault(403, {}, json.dumps([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": message}]).encode())
    assert (read.code, read.executed) == (code, Executed.NO)


@pytest.mark.parametrize("before", range(150, 220, 7))
def test_no_word_of_a_page_is_cut_in_two(before: int) -> None:
    """Half a token would not be known as one."""
    page = f"<html><body><p>{'x' * before} 00Dxx0000001gPL!AQEAQNmv9x {'y' * 5_000}".encode()
    said = fault(502, {}, page).message
    assert "00Dxx" not in said or "00Dxx0000001gPL!AQEAQNmv9x" in said
    assert len(said) <= 200
