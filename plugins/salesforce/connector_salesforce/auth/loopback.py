"""Wait on this machine for the one request with which a browser delivers the answer to a login.

RFC 8252, "Loopback Interface Redirection".
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connector_sdk import ConfigError, Problem, RunStopped

_PAGE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>connector</title>
<p>The answer is with the program that asked for it. You can close this page.</p></html>
"""


class Listener:
    """A listener that takes the first request at the callback URL, and answers all others with 404."""

    def __init__(self, url: str) -> None:
        """Listen. Raises `OSError` if the port is taken."""
        parts = urlsplit(url)
        self._answers: queue.SimpleQueue[Mapping[str, str]] = queue.SimpleQueue()
        self._server = _Server(("127.0.0.1", parts.port or 0), self._handler(parts.path or "/"))
        self.url = f"http://{parts.hostname}:{self._server.server_address[1]}{parts.path}"
        threading.Thread(target=self._server.serve_forever, daemon=True, name="login-listener").start()

    def answer(self, seconds: float) -> Mapping[str, str]:
        """Return the parameters of the request. Raises `RunStopped` if none comes within these `seconds`."""
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            message = f"no user logged in within {seconds / 60:g} minutes"
            raise RunStopped(message, hint="start the login again") from None

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self, path: str) -> type[BaseHTTPRequestHandler]:
        answers, first = self._answers, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self) -> None:
                asked = urlsplit(self.path)
                if asked.path != path or not first.acquire(blocking=False):
                    self.send_error(404)
                    return
                answers.put(dict(parse_qsl(asked.query)))
                self.send_response(200)
                for name, value in _HEADERS.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(_PAGE)

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing, because the URL holds the code of the login."""

        return Handler


_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": str(len(_PAGE)),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Connection": "close",
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False


@contextmanager
def listen(urls: Sequence[str]) -> Iterator[Listener]:
    """Listen at the first of the callback URLs whose port is free. Raises `ConfigError` if none is."""
    listener = _first_free(urls)
    try:
        yield listener
    finally:
        listener.close()


def _first_free(urls: Sequence[str]) -> Listener:
    for each in urls:
        try:
            return Listener(each)
        except OSError:
            continue
    message = f"another program listens at {' and at '.join(urls)}"
    hint = "end it, or set another callback URL, which the app must have too"
    raise ConfigError([Problem(message, ("auth", "callback_url"), hint)])
