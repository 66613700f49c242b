"""Serve the application on sockets, and give it access to each connection so that a fault rule can cut it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from threading import Event, Thread

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from salesforce_emulator.gate import TRANSPORT

_HEADER_LIMIT = 256 * 1024


class _Connection(H11Protocol):
    """A connection that puts its transport into the state of each request's scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, TRANSPORT: transport}
        super().connection_made(transport)


class Server(uvicorn.Server):
    """A server on sockets that are already bound. It calls `on_ready` when it listens."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=_Connection,
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=_HEADER_LIMIT,
        )
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then call `on_ready`."""
        await super().startup(sockets)
        if not self.should_exit:
            self._on_ready()


def bind_socket(host: str, port: int) -> socket.socket:
    """Return a bound socket. Port 0 takes a free port. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio disables Nagle's algorithm only if the protocol is explicitly TCP. Otherwise every call takes 40 ms
    # longer.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise OSError(f"port {port} on {host} cannot be used: {error.strerror}") from error
    return bound


def bind_sockets(host: str, port: int, login_port: int | None = None) -> tuple[socket.socket, socket.socket]:
    """Return bound sockets for the instance and the login host. Raises OSError.

    Without `login_port`, the login host takes the port after the instance's.
    """
    with ExitStack() as undo:
        instance = undo.enter_context(bind_socket(host, port))
        login = bind_socket(host, (port + 1 if port else 0) if login_port is None else login_port)
        undo.pop_all()
        return instance, login


def url_of(bound: socket.socket) -> str:
    """Return the URL of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class BackgroundServer:
    """A server in its own thread."""

    def __init__(self, app: ASGIApp, bound: Sequence[socket.socket]) -> None:
        self._bound = list(bound)
        self._ready = Event()
        self._server = Server(app, self._ready.set)
        self._thread = Thread(target=self._run, name="salesforce-emulator", daemon=True)

    def _run(self) -> None:
        try:
            self._server.run(sockets=self._bound)
        finally:
            self._ready.set()

    def start(self) -> None:
        """Start the thread. Return when the server listens."""
        self._thread.start()
        self._ready.wait()
        if not self._server.started:
            raise RuntimeError("the server did not start")

    def stop(self) -> None:
        """Stop the server. Return when every connection is closed."""
        self._server.should_exit = True
        self._thread.join()
        for bound in self._bound:
            bound.close()
