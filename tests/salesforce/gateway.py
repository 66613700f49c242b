"""A gateway in front of an emulated org, which spoils answers: what the org executed stays executed.

    with gateway(emulated) as (spoiling, org):
        spoiling.spoil(("POST", "/services/async/66.0/job/{id}/batch"), spoiler)
        run_a_sync(org)

Unlike the fault rules of the emulator it can answer 502 for what was executed, and a body that is too short for what it
holds but not for what its head says. `calls` are those that came, by the names that the emulator's counts have too.
"""

from __future__ import annotations

import http.client
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from attrs import define, field, frozen

from .emulated import Emulated


@frozen
class Reply:
    """What the org answered. `body` is not compressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Forward = Callable[[], Reply]
Spoiler = Callable[[Forward], Reply | bytes | None]
"""Makes of the call that can be forwarded what the client gets: a reply, some bytes of one, or a broken line."""

_ID = re.compile(r"(?<=/)(?=[A-Za-z]*[0-9])[0-9A-Za-z]{15,18}(?=/|$)")


@define
class Gateway:
    """Forwards calls to the instance of `org`, which logs clients in, too."""

    org: Emulated
    calls: Counter[tuple[str, str]] = field(factory=Counter)
    spoiled: int = 0
    _spoilers: dict[tuple[tuple[str, str], int], Spoiler] = field(factory=dict)
    _lock: threading.Lock = field(factory=threading.Lock)

    def spoil(self, call: tuple[str, str], spoiler: Spoiler, number: int = 1) -> None:
        """Spoil the call of this method and path, as `calls` names them, that is the `number`-th from now on."""
        with self._lock:
            self._spoilers[call, self.calls[call] + number] = spoiler

    def forget(self) -> None:
        """Spoil nothing from now on, and start the counts again."""
        with self._lock:
            self._spoilers.clear()
            self.calls.clear()
            self.spoiled = 0

    def spoiler_of(self, method: str, path: str) -> Spoiler | None:
        """Count a call, and return how it is spoiled."""
        call = method, _ID.sub("{id}", urlsplit(path).path)
        with self._lock:
            self.calls[call] += 1
            spoiler = self._spoilers.pop((call, self.calls[call]), None)
            self.spoiled += spoiler is not None
            return spoiler

    def forward(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Make the call, and return the whole reply."""
        there = urlsplit(self.org.ready["instance_url"])
        connection = http.client.HTTPConnection(there.hostname or "", there.port, timeout=30)
        dropped = ("host", "connection", "accept-encoding")
        sent = {name: value for name, value in headers.items() if name.lower() not in dropped}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()


@contextmanager
def gateway(org: Emulated) -> Iterator[tuple[Gateway, Emulated]]:
    """Run a gateway, and yield it with the org that is reached through it; the side door stays at the org itself."""
    made = Gateway(org)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            spoiler = made.spoiler_of(self.command, self.path)

            def forward_call() -> Reply:
                reply = made.forward(self.command, self.path, dict(self.headers), body)
                return Reply(reply.status, reply.headers, _at_home(reply.body, org.ready["instance_url"], self.home))

            self._send(spoiler(forward_call) if spoiler else forward_call())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer

        @property
        def home(self) -> str:
            return f"http://127.0.0.1:{self.server.server_address[1]}"

        def _send(self, reply: Reply | bytes | None) -> None:
            if isinstance(reply, Reply):
                self.wfile.write(as_bytes(reply))
                return
            self.wfile.write(reply or b"")
            self.wfile.flush()
            self.close_connection = True
            if reply is None:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield made, Emulated({**org.ready, "login_url": url})
    finally:
        server.shutdown()
        server.server_close()


def as_bytes(reply: Reply) -> bytes:
    """Return a reply as it is sent over the wire, with the length of its body."""
    left_out = ("content-length", "connection", "transfer-encoding", "content-encoding", "date", "server")
    kept = [f"{name}: {value}" for name, value in reply.headers.items() if name.lower() not in left_out]
    head = "\r\n".join([f"HTTP/1.1 {reply.status} Said", *kept, f"Content-Length: {len(reply.body)}", "", ""])
    return head.encode("latin-1") + reply.body


def _at_home(body: bytes, there: str, here: str) -> bytes:
    """Replace the instance in a token answer by the gateway."""
    return body.replace(there.encode(), here.encode())
