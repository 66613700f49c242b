"""A server that sends exactly the bytes that a test chooses, or breaks off."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from typing import Self

Act = Callable[[socket.socket], None]


class RawServer:
    """Listens on a free port of this machine; plays one act per connection, the last for ever."""

    def __init__(self, *acts: Act) -> None:
        self._acts: Sequence[Act] = acts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.requests: list[bytes] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        number = 0
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self._acts[min(number, len(self._acts) - 1)](connection)
            number += 1


def receive_request(connection: socket.socket) -> bytes:
    """Receive a whole request."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(65_536)
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def says(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> Act:
    """Read a request and answer it."""

    def act(connection: socket.socket) -> None:
        receive_request(connection)
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
        connection.sendall("\r\n".join([*head, "Connection: close", "", ""]).encode("latin-1") + body)

    return act


def resets(connection: socket.socket) -> None:
    """Read a request and reset the connection."""
    receive_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def resets_within(connection: socket.socket) -> None:
    """Read the beginning of a request and reset the connection."""
    connection.recv(65_536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangs_up(connection: socket.socket) -> None:
    """Read a request and close the connection."""
    receive_request(connection)


def silent(connection: socket.socket) -> None:
    """Read a request and say nothing for a while."""
    receive_request(connection)
    connection.settimeout(2)
    connection.recv(1)


def garbage(connection: socket.socket) -> None:
    """Answer with bytes that are not HTTP."""
    receive_request(connection)
    connection.sendall(b"\x15\x03\x01\x00\x02\x02\x50")
