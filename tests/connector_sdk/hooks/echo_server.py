"""A server on this machine that repeats what it is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Repeating(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        for name, value in (("Content-Length", str(len(body))), ("Set-Cookie", self.headers.get("Cookie", ""))):
            self.send_header(name, value)
        self.send_header("Location", self.path)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def echo_server() -> Iterator[str]:
    """Start a server that repeats bodies, cookies and paths, and yield its address."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Repeating)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}"
    finally:
        made.shutdown()
        made.server_close()
