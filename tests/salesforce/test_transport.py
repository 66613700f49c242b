from __future__ import annotations

import gzip
import json
import socket
from pathlib import Path

import pytest
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.error_bodies import fault
from connector_salesforce.transport.sending import Answer, Limits, Request, Transport

from connector_sdk import Call, Executed

from . import rawserver
from .rawserver import Act, RawServer, says

LIMITS = Limits(connect=2.0, read=0.5, whole=5.0, size=100_000)
REFUSAL = json.dumps([{"errorCode": "SOME_CODE", "message": "words"}]).encode()
BULK_REFUSAL = (
    b'<?xml version="1.0" encoding="UTF-8"?><error xmlns="http://www.force.com/2009/06/asyncapi/dataload">'
    b"<exceptionCode>InvalidBatch</exceptionCode><exceptionMessage>Records not processed</exceptionMessage></error>"
)
LIMIT = json.dumps([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]).encode()
HTML = b"<html><h1>Bad Message 400</h1></html>"


def send(url: str, *, limits: Limits = LIMITS, calls: list[Call] | None = None, method: str = "POST",
         body: bytes = b"row") -> Answer:  # fmt: skip
    transport = Transport((calls if calls is not None else []).append, limits)
    try:
        answer = transport.send(Request(method, url, {"X-SFDC-Session": "secret"}, body, body))
    finally:
        transport.close()
    if answer.status >= 300:
        raise fault(answer.status, answer.headers, answer.body)
    return answer


@pytest.mark.parametrize(
    ("act", "code", "executed"),
    [
        (rawserver.resets, "CONNECTION_LOST", "maybe"),
        (rawserver.hangs_up, "CONNECTION_LOST", "maybe"),
        (rawserver.silent, "TIMED_OUT", "maybe"),
        (rawserver.garbage, "CONNECTION_LOST", "maybe"),
        (says("200 OK", b"half", length=99), "CONNECTION_LOST", "maybe"),
        (says("200 OK", b"x" * 200_000), "ANSWER_TOO_LARGE", "maybe"),
        (says("200 OK", gzip.compress(b"x" * 90_000_000), "Content-Encoding: gzip"), "ANSWER_TOO_LARGE", "maybe"),
        (says("200 OK", b"not gzip", "Content-Encoding: gzip"), "CONNECTION_LOST", "maybe"),
        (says("401 Unauthorized", REFUSAL), "SOME_CODE", "no"),
        (says("401 Unauthorized", HTML), "ERROR_HTTP_401", "no"),
        (says("403 Forbidden", LIMIT), "REQUEST_LIMIT_EXCEEDED", "no"),
        (says("403 Forbidden", REFUSAL), "SOME_CODE", "maybe"),
        (says("429 Too Many Requests", b""), "ERROR_HTTP_429", "no"),
        (says("400 Bad Request", REFUSAL), "SOME_CODE", "no"),
        (says("400 Bad Request", BULK_REFUSAL), "InvalidBatch", "no"),
        (says("400 Bad Request", HTML), "ERROR_HTTP_400", "maybe"),
        (says("404 Not Found", REFUSAL), "SOME_CODE", "no"),
        (says("404 Not Found", HTML), "ERROR_HTTP_404", "maybe"),
        (says("405 Method Not Allowed", REFUSAL), "SOME_CODE", "no"),
        (says("415 Unsupported Media Type", REFUSAL), "SOME_CODE", "no"),
        (says("409 Conflict", REFUSAL), "SOME_CODE", "maybe"),
        (says("414 URI Too Long", HTML), "ERROR_HTTP_414", "maybe"),
        (says("500 Internal Server Error", REFUSAL), "SOME_CODE", "maybe"),
        (says("502 Bad Gateway", HTML), "ERROR_HTTP_502", "maybe"),
        (says("503 Service Unavailable", REFUSAL), "SOME_CODE", "maybe"),
        (says("503 Service Unavailable", HTML), "ERROR_HTTP_503", "maybe"),
        (says("504 Gateway Timeout", HTML), "ERROR_HTTP_504", "maybe"),
        (says("302 Found", b"", "Location: http://127.0.0.1:1/"), "ERROR_HTTP_302", "maybe"),
        (says("301 Moved Permanently", b"", "Location: http://127.0.0.1:1/"), "ERROR_HTTP_301", "no"),
        (says("307 Temporary Redirect", b"", "Location: http://127.0.0.1:1/"), "ERROR_HTTP_307", "no"),
        (says("308 Permanent Redirect", b"", "Location: http://127.0.0.1:1/"), "ERROR_HTTP_308", "no"),
    ],
)  # fmt: skip
def test_only_what_is_proven_counts_as_not_executed(act: Act, code: str, executed: str) -> None:
    with RawServer(act) as server, pytest.raises(CallFailed) as failed:
        send(server.url)
    assert (failed.value.code, failed.value.executed) == (code, executed)


def test_a_request_that_was_cut_within_its_body_may_have_been_executed() -> None:
    with RawServer(rawserver.resets_within) as server, pytest.raises(CallFailed) as failed:
        send(server.url, body=b"x" * 50_000_000)
    assert (failed.value.code, failed.value.executed) == ("CONNECTION_LOST", Executed.MAYBE)


def test_a_connection_that_is_refused_executed_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(CallFailed) as failed:
        send(f"http://127.0.0.1:{port}")
    assert (failed.value.code, failed.value.executed) == ("NOT_CONNECTED", Executed.NO)


def test_a_host_that_does_not_exist_executed_nothing() -> None:
    with pytest.raises(CallFailed) as failed:
        send("https://no-such-host.invalid")
    assert (failed.value.code, failed.value.executed) == ("NOT_CONNECTED", Executed.NO)


@pytest.mark.parametrize("act", [says("200 OK"), rawserver.garbage, rawserver.hangs_up], ids=["http", "alert", "eof"])
def test_a_handshake_that_fails_executed_nothing(act: Act) -> None:
    def hello(connection: socket.socket) -> None:
        connection.recv(65_536)
        if act is not rawserver.hangs_up:
            connection.sendall(
                b"HTTP/1.1 400 Bad Request\r\n\r\n" if act is not rawserver.garbage else b"\x15\x03\x01\x00\x02\x02\x50"
            )

    with RawServer(hello) as server, pytest.raises(CallFailed) as failed:
        send(server.url.replace("http:", "https:"))
    assert (failed.value.code, failed.value.executed) == ("NOT_CONNECTED", Executed.NO)


@pytest.mark.parametrize(
    ("head", "drop"),
    [(b"Transfer-Encoding: chunked\r\n", b"1\r\nx\r\n"), (b"Content-Length: 1000\r\n", b"x"), (b"", b"x")],
    ids=["chunked", "length", "neither"],
)
def test_an_answer_that_never_ends_is_given_up(head: bytes, drop: bytes) -> None:
    drops: list[bytes] = []

    def drip(connection: socket.socket) -> None:
        rawserver.receive_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        for _ in range(40):
            drops.append(drop)
            connection.sendall(drop)
            connection.settimeout(0.05)
            try:
                connection.recv(1)
            except TimeoutError:
                continue

    with RawServer(drip) as server, pytest.raises(CallFailed, match="TIMED_OUT"):
        send(server.url, limits=Limits(read=0.5, whole=0.3))
    assert len(drops) < 40


def test_a_redirect_is_never_followed_and_the_token_goes_nowhere() -> None:
    seen: list[bytes] = []

    def thief(connection: socket.socket) -> None:
        seen.append(rawserver.receive_request(connection))

    with (
        RawServer(thief) as other,
        RawServer(says("307 Temporary", b"", f"Location: {other.url}/")) as server,
        pytest.raises(CallFailed, match="ERROR_HTTP_307"),
    ):
        send(server.url)
    assert seen == []


def test_credentials_and_proxies_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password thief\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    seen: list[bytes] = []

    def act(connection: socket.socket) -> None:
        seen.append(rawserver.receive_request(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=b\r\nConnection: close\r\n\r\n")

    with RawServer(act) as server:
        send(server.url)
    assert b"Authorization" not in seen[0]
    assert b"X-SFDC-Session: secret" in seen[0]


def test_a_cookie_that_an_answer_sets_is_not_sent_back() -> None:
    seen: list[bytes] = []

    def act(connection: socket.socket) -> None:
        seen.append(rawserver.receive_request(connection))
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=b; Path=/\r\nConnection: close\r\n\r\n"
        )

    with RawServer(act) as server:
        transport = Transport(lambda call: None, LIMITS)
        for _ in range(2):
            transport.send(Request("GET", server.url))
        transport.close()
    assert len(seen) == 2
    assert b"cookie" not in b"".join(seen).lower()


def test_a_header_with_a_line_break_is_never_sent() -> None:
    with pytest.raises(ValueError, match="line break"):
        Request("GET", "http://127.0.0.1", {"X-Key": "a\r\nX-Evil: b"})


def test_a_call_is_told_with_sizes_status_and_what_is_left() -> None:
    calls: list[Call] = []
    body = gzip.compress(b"x" * 50_000)
    act = says("200 OK", body, "Content-Encoding: gzip", "Sforce-Limit-Info: api-usage=24/15000; api-bursts=1/750")
    with RawServer(act) as server:
        assert send(server.url, calls=calls).body == b"x" * 50_000
    (call,) = calls
    assert (call.method, call.status, call.request_body, call.remaining) == ("POST", 200, "row", 14_976)
    assert (call.request_bytes, call.response_bytes, len(call.response_body)) == (3, len(body), 16_384)
    assert "secret" not in repr(call)


def test_a_call_without_an_answer_is_told_too() -> None:
    calls: list[Call] = []
    with RawServer(rawserver.resets) as server, pytest.raises(CallFailed):
        send(server.url, calls=calls)
    assert [(call.status, "CONNECTION_LOST" in call.error) for call in calls] == [(None, True)]


@pytest.mark.parametrize(
    ("header", "seconds"), [("120", 120.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), ("²", None)]
)
def test_the_time_after_which_to_try_again_is_understood(header: str, seconds: float | None) -> None:
    with RawServer(says("429 Too Many", b"", f"Retry-After: {header}")) as server, pytest.raises(CallFailed) as failed:
        send(server.url)
    assert failed.value.retry_after == seconds


def test_a_date_after_which_to_try_again_is_one_by_the_clock_of_the_server() -> None:
    headers = ("Date: Wed, 21 Oct 2015 07:28:00 GMT", "Retry-After: Wed, 21 Oct 2015 07:30:00 GMT")
    with RawServer(says("429 Too Many", b"", *headers)) as server, pytest.raises(CallFailed) as failed:
        send(server.url)
    assert failed.value.retry_after == 120
