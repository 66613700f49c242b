"""Whatever URLs an org names, its token goes to its own host alone: counted where connections arrive, and by path."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from attrs import define, field
from connector_salesforce.auth import login
from connector_salesforce.config import Config
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import ClientCredentials
from connector_salesforce.org.org import Org
from connector_salesforce.transport.client import Client
from connector_salesforce.transport.credentials import Credentials, Login
from connector_salesforce.transport.hosts import HostError, instance_origin, server_path
from connector_salesforce.transport.sending import Limits, Transport
from connector_salesforce.write import bulk2_jobs
from connector_salesforce.write.bulk_jobs import Jobs
from connector_salesforce.write.job_kind import JobKind

from connector_sdk import ConfigError, Connection, Secret
from connector_sdk.testing.doubles import RecordingHost

from .scripted import ORG_ID, TOKEN
from .url_tricks import EVERYWHERE, HOSTS

REFUSED = (CallFailed, ConfigError)


@define
class HostileOrg:
    """An org on this machine that answers every request by `answers`, the longest beginning of its path that fits."""

    url: str
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(factory=dict)
    asked: list[str] = field(factory=list)

    def says(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        """Answer requests whose path begins so."""
        self.answers[path] = status, headers, body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return the answer to a request."""
        self.asked.append(path)
        fitting = max((each for each in self.answers if path.startswith(each)), key=len, default="")
        return self.answers.get(fitting, (404, {}, b"{}"))


class Thief:
    """Listens where every other host is said to be, and counts who comes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        self.sought: list[str] = []
        self.came = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.came += 1
                connection.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(scope="module")
def served() -> Iterator[HostileOrg]:
    org = HostileOrg("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version, wbufsize = "HTTP/1.1", -1

        def do(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, body = org.reply(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value.encode("utf-8").decode("latin-1"))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    org.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield org
    server.shutdown()
    server.server_close()


@pytest.fixture
def hostile(served: HostileOrg) -> HostileOrg:
    served.answers.clear()
    served.asked.clear()
    return served


@pytest.fixture
def thief(hostile: HostileOrg, monkeypatch: pytest.MonkeyPatch) -> Iterator[Thief]:
    """Every name and address but the org's own leads to the thief."""
    found, own, known = Thief(), hostile.url.removeprefix("http://"), socket.getaddrinfo

    def look_up(host: Any, port: Any, *more: Any, **others: Any) -> Any:
        if f"{host}:{port}" == own:
            return known(host, port, *more, **others)
        found.sought.append(str(host))
        return known(*found.address, *more, **others)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield found
    found.close()


JOB = "750000000000001AAA"


def connect(org: HostileOrg, instance: Any, id_: str = f"https://login.salesforce.com/id/{ORG_ID}/005") -> Connection:
    org.says("/services/oauth2/token", {"access_token": TOKEN, "instance_url": instance, "id": id_})
    auth = ClientCredentials("client_credentials", "an-id", Secret("a-client-secret"))
    return login.connect(Config(org.url, auth=auth), RecordingHost())


def org_of(hostile: HostileOrg) -> Org:
    transport = Transport(lambda call: None, Limits(connect=1.0, read=2.0))
    return Org(Client(transport, Credentials(lambda: Login(TOKEN, hostile.url, ORG_ID, "005")), "58.0"))


def test_there_are_enough_tricks() -> None:
    assert len(EVERYWHERE) >= 200


def test_the_thief_sees_who_comes(hostile: HostileOrg, thief: Thief) -> None:
    with pytest.raises(CallFailed, match="NOT_CONNECTED"):
        connect(hostile, "https://other.my.salesforce.com").handle.client.get("/limits")
    assert thief.came >= 1
    assert set(thief.sought) == {"other.my.salesforce.com"}


def test_no_instance_url_takes_a_token_to_another_host(hostile: HostileOrg, thief: Thief) -> None:
    this_machine = ("https://127.0.0.1", "https://[::1]", "https://[::1]:443")
    for trick in (*(each for each in EVERYWHERE if each not in this_machine), 7, [], {}, None, True):
        with pytest.raises(REFUSED):
            connect(hostile, trick)
    assert (thief.came, thief.sought) == (0, [])
    assert set(hostile.asked) == {"/services/oauth2/token", "/services/data"}, "the second without a session"


def test_an_id_url_is_read_and_never_called(hostile: HostileOrg, thief: Thief) -> None:
    for trick in EVERYWHERE[::2]:
        with contextlib.suppress(*REFUSED):
            connect(hostile, hostile.url, f"{trick}/id/{ORG_ID}/005").close()
    assert (thief.came, thief.sought) == (0, [])


def test_no_next_page_is_fetched_from_elsewhere(hostile: HostileOrg, thief: Thief) -> None:
    org = org_of(hostile)
    for trick in (*EVERYWHERE, 7, [], {}, True):
        hostile.says("/services/data/v58.0/query", {"done": False, "records": [], "nextRecordsUrl": trick})
        with pytest.raises(CallFailed, match=r"FOREIGN_HOST|ANSWER_UNREADABLE"):
            list(org.query("SELECT Id FROM Account"))
    assert (thief.came, thief.sought) == (0, [])
    assert {each.partition("?")[0] for each in hostile.asked} == {"/services/data/v58.0/query"}


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
def test_no_redirect_is_followed(hostile: HostileOrg, thief: Thief, status: int) -> None:
    org = org_of(hostile)
    where = [*(each for each in EVERYWHERE if not set(each) & set("\r\n\0")), "/services/data/v58.0/x", hostile.url]
    for trick in where:
        hostile.says("/", b"", status, Location=trick, **{"Content-Location": trick, "Refresh": f"0; url={trick}"})
        with pytest.raises(CallFailed, match=f"ERROR_HTTP_{status}"):
            org.client.get("/limits")
    assert (thief.came, thief.sought) == (0, [])
    assert hostile.asked == ["/services/data/v58.0/limits"] * len(where)


def test_the_content_url_of_a_job_is_not_used(hostile: HostileOrg, thief: Thief) -> None:
    org, below = org_of(hostile), "/services/data/v58.0/jobs/ingest"
    for trick in EVERYWHERE:
        job = {"id": JOB, "state": "JobComplete", "contentUrl": trick, "apiVersion": 58.0, "locator": trick}
        hostile.says(below, {**job, "numberRecordsProcessed": 1})
        hostile.says(f"{below}/{JOB}/batches", b"")
        bulk2_jobs.fill(org.client, bulk2_jobs.create_job(org.client, JobKind("run", "Account", "insert")), b"x")
        bulk2_jobs.hand_over(org.client, JOB)
        bulk2_jobs.look(org.client, JOB)
        with bulk2_jobs.result(org.client, JOB, "successfulResults"):
            pass
    assert (thief.came, thief.sought) == (0, [])
    assert set(hostile.asked) == {
        below, f"{below}/{JOB}", f"{below}/{JOB}/batches", f"{below}/{JOB}/successfulResults",
    }  # fmt: skip


@pytest.mark.parametrize(
    "id_",
    [
        "../../sobjects",
        "..",
        ".",
        "750/../..",
        "750?x=1",
        "750#x",
        "750%2f..",
        "a b",
        "\\..\\",
        "//evil.example",
        "é\u2028",
    ],
)
def test_what_an_answer_names_as_an_id_and_is_none_is_asked_about_nowhere(
    hostile: HostileOrg, thief: Thief, id_: str
) -> None:
    org, asked = org_of(hostile), "/services/data/v58.0/jobs/ingest"
    hostile.says(asked, {"id": id_, "state": "Open"})
    with pytest.raises(CallFailed, match="ANSWER_UNREADABLE"):
        bulk2_jobs.create_job(org.client, JobKind("run", "Account", "insert"))
    hostile.says("/services/async/58.0/job", _batches(id_))
    with pytest.raises(CallFailed, match="ANSWER_UNREADABLE"):
        Jobs(org.client).batches(JOB, 0.0)
    assert hostile.asked == [asked, f"/services/async/58.0/job/{JOB}/batch"]
    assert thief.came == 0


def _batches(id_: str) -> bytes:
    values = f"<id>{id_}</id><state>Completed</state><numberRecordsProcessed>1</numberRecordsProcessed>"
    return f"<batchInfoList><batchInfo>{values}</batchInfo></batchInfoList>".encode()


def check_refused(tricks: Sequence[str], ask: Any) -> bool:
    for each in tricks:
        with pytest.raises(HostError):
            ask(each)
    return True


def test_every_trick_is_refused_before_anything_is_called() -> None:
    assert check_refused(EVERYWHERE, server_path)
    assert check_refused(HOSTS, lambda url: instance_origin(url, "https://acme.my.salesforce.com"))


def test_a_url_with_a_password_is_told_without_it() -> None:
    for url in (
        "https://u:hunter22@acme.my.salesforce.com",
        "https://u:hun/ter22@x",
        "u:hunter22@acme",
        "//u:hunter22@x:y",
    ):
        with pytest.raises(HostError) as raised:
            instance_origin(url, "https://acme.my.salesforce.com")
        assert "ter22" not in str(raised.value)
        with pytest.raises(ValueError, match=r"host|URL") as wrong:
            Config(url, auth=ClientCredentials("client_credentials", "an-id", Secret("a-client-secret")))
        assert "ter22" not in str(wrong.value)
