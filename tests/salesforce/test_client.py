from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.credentials import Credentials, Login
from connector_salesforce.transport.sending import Answer, Request

from connector_sdk import Executed

from .scripted import ORG_ID, ScriptedTransport, answer, org

ENDED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
BULK_ENDED = (
    '<error xmlns="http://www.force.com/2009/06/asyncapi/dataload"><exceptionCode>InvalidSessionId</exceptionCode>'
    "<exceptionMessage>Invalid session id</exceptionMessage></error>"
)
THREADS = 50
"""As many batches as may be in flight."""


class Logins:
    """Hands out token 1, token 2 …"""

    def __init__(self, instance: str = "https://acme.my.salesforce.com") -> None:
        self.count = itertools.count(1)
        self.made = 0
        self.instance = instance

    def __call__(self) -> Login:
        self.made = next(self.count)
        return Login(f"token {self.made}", self.instance, ORG_ID, "005")


def token(request: Request) -> str:
    signed = request.headers.get("Authorization") or request.headers["X-SFDC-Session"]
    return signed.removeprefix("Bearer ")


def accept_token(good: str, ended: Answer) -> tuple[ScriptedTransport, Logins]:
    transport = ScriptedTransport()
    for method in ("GET", "POST"):
        transport.on(method, ".*", lambda request: answer("{}") if token(request) == good else ended)
    return transport, Logins()


@pytest.mark.parametrize("ended", [answer(ENDED, 401), answer(BULK_ENDED, 400)], ids=["rest", "bulk"])
def test_a_session_that_ended_is_renewed_once_for_all_threads(ended: Answer) -> None:
    transport, logins = accept_token("token 2", ended)
    gate = threading.Barrier(THREADS)

    def answer_late(request: Request) -> Answer:
        if token(request) == "token 2":
            return answer("{}")
        gate.wait(5)
        return ended

    for method in ("GET", "POST"):
        transport.on(method, ".*", answer_late)
    client = org(transport, logins).client

    def call(number: int) -> None:
        client.bulk("POST", f"/job/{number}/batch", b"x") if ended.status == 400 else client.get(f"/sobjects/{number}")

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(call, range(THREADS)))
    assert logins.made == 2
    assert len([each for each in transport.requests if token(each) == "token 2"]) == THREADS


def test_a_second_refusal_is_an_error_and_no_loop() -> None:
    transport, logins = accept_token("never", answer(ENDED, 401))
    with pytest.raises(CallFailed, match="INVALID_SESSION_ID") as failed:
        org(transport, logins).client.get("/limits")
    assert (len(transport.requests), logins.made, failed.value.executed) == (2, 2, Executed.NO)


@pytest.mark.parametrize(
    "message",
    ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"],
)
def test_a_session_that_may_not_be_used_is_not_renewed(message: str) -> None:
    refusal = answer([{"message": message, "errorCode": "INVALID_SESSION_ID"}], 401)
    transport, logins = accept_token("never", refusal)
    with pytest.raises(CallFailed, match="SESSION_NOT_USABLE"):
        org(transport, logins).client.get("/limits")
    assert (len(transport.requests), logins.made) == (1, 1)


def test_a_login_that_broke_is_tried_again_and_the_call_was_not_executed() -> None:
    transport, logins = accept_token("token 3", answer(ENDED, 401))
    broken = [CallFailed("CONNECTION_LOST", "reset", Executed.MAYBE)]

    def log_in() -> Login:
        login = logins()
        if login.token == "token 2" and broken:
            raise broken.pop()
        return login

    client = org(transport, log_in).client
    with pytest.raises(CallFailed, match="CONNECTION_LOST") as failed:
        client.write("POST", "/composite/sobjects", b"{}")
    assert failed.value.executed is Executed.NO
    assert client.write("POST", "/composite/sobjects", b"{}") == {}


def test_a_login_that_is_refused_is_not_tried_again_by_every_thread() -> None:
    tries = itertools.count()

    def log_in() -> Login:
        if next(tries):
            raise CallFailed("invalid_grant", "expired", Executed.NO)
        return Login("token 1", "https://acme.my.salesforce.com", ORG_ID, "005")

    credentials = Credentials(log_in)
    for _ in range(5):
        with pytest.raises(CallFailed, match="invalid_grant"):
            credentials.renew("token 1")
    assert next(tries) == 2


def test_a_new_session_in_another_org_is_refused() -> None:
    orgs = iter([ORG_ID, "00D000000000000AAA"])
    credentials = Credentials(lambda: Login("t", "https://acme.my.salesforce.com", next(orgs), "005"))
    with pytest.raises(CallFailed, match="ORG_CHANGED"):
        credentials.renew("t")
    assert credentials.login.org_id == ORG_ID


def test_an_instance_that_moved_is_followed_after_a_renewal() -> None:
    transport, logins = accept_token("token 2", answer(ENDED, 401))
    opened = org(transport, logins)
    logins.instance = "https://acme2.my.salesforce.com"
    opened.client.get("/limits")
    assert transport.requests[-1].url == "https://acme2.my.salesforce.com/services/data/v58.0/limits"


def test_each_api_has_its_own_address_and_header() -> None:
    transport = ScriptedTransport()
    transport.on("GET", ".*", answer("{}"))
    client = org(transport).client
    client.get("/query", q="SELECT Id FROM A WHERE B = 'x+y'")
    client.bulk("GET", "/job/750")
    rest, bulk = transport.requests
    assert rest.url.endswith("/services/data/v58.0/query?q=SELECT%20Id%20FROM%20A%20WHERE%20B%20%3D%20%27x%2By%27")
    assert bulk.url.endswith("/services/async/58.0/job/750")
    assert "X-SFDC-Session" in bulk.headers
    assert "Authorization" not in bulk.headers


def test_an_answer_that_is_no_json_may_have_been_executed() -> None:
    transport = ScriptedTransport()
    transport.on("POST", ".*", answer("<html>Welcome</html>"))
    with pytest.raises(CallFailed, match="ANSWER_UNREADABLE") as failed:
        org(transport).client.write("POST", "/composite/sobjects", b"{}")
    assert failed.value.executed is Executed.MAYBE


def test_a_next_page_outside_of_the_api_is_not_fetched() -> None:
    transport = ScriptedTransport()
    page = {"records": [{"Id": "1"}], "done": False, "nextRecordsUrl": "https://evil.com/services/data"}
    transport.on("GET", ".*", answer(page))
    with pytest.raises(CallFailed, match="FOREIGN_HOST"):
        list(org(transport).query("SELECT Id FROM A"))
    assert len(transport.requests) == 1


def test_all_pages_of_a_query_are_read() -> None:
    transport = ScriptedTransport()
    first = {"records": [{"Id": "1"}], "done": False, "nextRecordsUrl": "/services/data/v58.0/query/0r8-2000"}
    transport.on("GET", r".*query\?q=.*", answer(first))
    transport.on("GET", r".*/0r8-2000", answer({"records": [{"Id": "2"}], "done": True}))
    assert [each["Id"] for each in org(transport).query("SELECT Id FROM A")] == ["1", "2"]


@pytest.mark.parametrize("back_to", ["1", "2", "3"])
def test_pages_that_lead_back_to_one_another_cost_no_call_twice(back_to: str) -> None:
    """Each page would be a call of the day's quota, for ever."""
    transport = ScriptedTransport()
    pages = {"q=.*": "1", "1": "2", "2": "3", "3": back_to}
    for page, following in pages.items():
        named = {"records": [{"Id": page}], "done": False, "nextRecordsUrl": f"/services/data/v58.0/query/{following}"}
        transport.on("GET", rf".*query[?/]{page}", answer(named))
    with pytest.raises(CallFailed, match="no end after 3 pages"):
        list(org(transport).query("SELECT Id FROM A"))
    assert len(transport.requests) == 4


def test_a_query_of_which_every_page_names_another_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector_salesforce.org.org.PAGES_MAX", 20)
    numbers = itertools.count()
    transport = ScriptedTransport()

    def page(_: Request) -> Answer:
        named = f"/services/data/v58.0/query/{next(numbers)}"
        return answer({"records": [], "done": False, "nextRecordsUrl": named})

    transport.on("GET", ".*", page)
    with pytest.raises(CallFailed, match="no end after 20 pages"):
        list(org(transport).query("SELECT Id FROM A"))
