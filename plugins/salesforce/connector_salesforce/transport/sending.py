"""Send one request, read its whole answer or report what is known of its fate, and report each call to the host."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from attrs import field, frozen
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.quota import Quota, calls_left
from connector_salesforce.transport.redaction import redact
from connector_sdk import Call, Executed

_SHOWN = 16_384
_CHUNK = 65_536
_ONCE = urllib3.Retry(False)
_HOSTS = 16
"""The most hosts that one thread keeps connections to. One org never has so many."""


@frozen
class Request:
    """A request. `body` is what is sent, and `shown` is what may be shown of it (bytes, cut when shown).

    `private` means that the bodies of request and answer hold secrets, which are redacted before they are shown. `kept`
    receives the answer before the call is reported. It stores what must not be lost if this process ends there.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    shown: bytes = field(default=b"", repr=False)
    private: bool = False
    kept: Callable[[Answer], None] | None = field(default=None, repr=False)

    @headers.validator
    def _in_one_line(self, _attribute: object, headers: Mapping[str, str]) -> None:
        if any(set("\r\n\0") & set(name + value) for name, value in headers.items()):
            raise ValueError("a header holds a line break")


@frozen
class Answer:
    """A whole answer, decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@frozen
class Limits:
    """How long a call may take, in seconds, and how large its answer may be, in bytes.

    `connect` limits the wait for a connection, `read` the wait for the next byte, and `whole` the whole call.
    """

    connect: float = 10.0
    read: float = 300.0
    whole: float = 1_200.0
    size: int = 512_000_000


class _Pool(HTTPSConnectionPool):
    """A pool that tells a failed handshake from a broken connection. Only the first proves that nothing was sent."""

    def _validate_conn(self, conn: Any) -> None:
        try:
            super()._validate_conn(conn)
        except NewConnectionError:
            raise
        except (OSError, HTTPError) as error:
            raise NewConnectionError(conn, str(error)) from error


class _Adapter(HTTPAdapter):
    """The connections of one thread, which trust the certificates that `requests` trusts."""

    def pool(self, origin: str) -> HTTPConnectionPool:
        """Return the connections to a scheme and host. They are cached, because the search costs as much as a call."""
        if origin not in self._pools:
            named = requests.PreparedRequest()
            named.url = origin
            pool: Any = self.get_connection_with_tls_context(named, verify=True)
            self.cert_verify(pool, origin, verify=True, cert=None)  # type: ignore[no-untyped-call]
            self._pools[origin] = pool
        return self._pools[origin]

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._pools: dict[str, HTTPConnectionPool] = {}
        known = self.poolmanager.pool_classes_by_scheme
        self.poolmanager.pool_classes_by_scheme = {**known, "https": _Pool}


class Transport:
    """The sender of requests, safe to use from any thread. Each thread has connections of its own.

    It never uses redirects, proxies, cookies or credentials of the environment, so a token reaches only its host.
    `quota` learns from the answers how many of the day's calls are left.
    """

    def __init__(self, told: Callable[[Call], None], limits: Limits | None = None) -> None:
        self._told = told
        self._limits = limits or Limits()
        self._own = threading.local()
        self._lock = threading.Lock()
        self._adapters: list[_Adapter] = []
        self.quota = Quota()

    def send(self, request: Request, into: IO[bytes] | None = None) -> Answer:
        """Send a request, and return any answer, even an error. Raises `CallFailed` if no whole answer came.

        If there is a file `into`, the body of a good answer is written to it, and the answer holds only its beginning.
        """
        at, started = datetime.now(UTC).isoformat(), time.monotonic()
        raw: urllib3.BaseHTTPResponse | None = None
        answer, failed = None, None
        try:
            raw = self._exchange(request)
            file = into if raw.status < 300 else None
            answer = Answer(raw.status, raw.headers, self._read(raw, started, file))
        except (HTTPError, OSError) as error:
            failed = _failure(error)
        except CallFailed as error:
            failed = error
        finally:
            if raw is not None:
                raw.release_conn() if answer else raw.close()
        if answer is not None and request.kept is not None:
            request.kept(answer)
        self._tell(request, at, time.monotonic() - started, raw, answer, failed)
        if answer is None:
            assert failed is not None
            raise failed
        return answer

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            adapters, self._adapters = self._adapters, []
        for each in adapters:
            each.close()

    def _exchange(self, request: Request) -> urllib3.BaseHTTPResponse:
        """Send a request through the pool of its host.

        A session of `requests` would also do what is unwanted here, such as follow redirects.
        """
        parts = urlsplit(request.url)
        answer: urllib3.BaseHTTPResponse = (
            self._adapter()
            .pool(f"{parts.scheme}://{parts.netloc}")
            .urlopen(
                request.method,
                urlunsplit(("", "", parts.path or "/", parts.query, "")),
                body=request.body or None,
                headers={"User-Agent": "connector-sdk", **request.headers},
                retries=_ONCE,
                redirect=False,
                assert_same_host=False,
                timeout=urllib3.Timeout(connect=self._limits.connect, read=self._limits.read),
                preload_content=False,
            )
        )
        return answer

    def _adapter(self) -> _Adapter:
        adapter: _Adapter | None = getattr(self._own, "adapter", None)
        if adapter is None or adapter not in self._adapters:
            adapter = self._own.adapter = _Adapter(pool_connections=_HOSTS, pool_maxsize=2)
            with self._lock:
                self._adapters.append(adapter)
        return adapter

    def _read(self, raw: urllib3.BaseHTTPResponse, started: float, into: IO[bytes] | None) -> bytes:
        """Return the body of an answer, or only its beginning if it is written `into` a file.

        Chunks are read as they arrive, so that a slow-drip server cannot stall us past the time limit.
        """
        chunks: list[bytes] = []
        size = 0
        for chunk in iter(lambda: raw.read1(_CHUNK), b""):
            size += len(chunk)
            if size > self._limits.size:
                message = f"the answer is larger than {self._limits.size:,} bytes"
                raise CallFailed("ANSWER_TOO_LARGE", message, Executed.MAYBE)
            if time.monotonic() - started > self._limits.whole:
                message = f"the answer did not end within {self._limits.whole:.0f} seconds"
                raise CallFailed("TIMED_OUT", message, Executed.MAYBE)
            if into is not None:
                into.write(chunk)
            if into is None or not chunks:
                chunks.append(chunk)
        return b"".join(chunks)

    def _tell(
        self,
        request: Request,
        at: str,
        seconds: float,
        raw: urllib3.BaseHTTPResponse | None,
        answer: Answer | None,
        failed: CallFailed | None,
    ) -> None:
        shown = _text(request.shown), _text(answer.body if answer else b"")
        sent, received = map(redact, shown) if request.private else shown
        remaining = calls_left(raw.headers if raw else {})
        self.quota.report_left(remaining)
        self._told(
            Call(
                at=at,
                method=request.method,
                url=request.url,
                status=raw.status if raw else None,
                seconds=seconds,
                request_bytes=len(request.body),
                response_bytes=raw.tell() if raw else 0,
                request_body=sent,
                response_body=received,
                error=str(failed) if failed else "",
                remaining=remaining,
            )
        )


def _text(body: bytes) -> str:
    return body[:_SHOWN].decode("utf-8", "replace")[:_SHOWN]


def _failure(error: Exception) -> CallFailed:
    """Return the failure of a call. Only a connection that was never made proves that nothing was executed."""
    if isinstance(error, ConnectTimeoutError):
        return CallFailed("NOT_CONNECTED", _reason(error), Executed.NO)
    if isinstance(error, ReadTimeoutError | TimeoutError):
        return CallFailed("TIMED_OUT", "no answer in time", Executed.MAYBE)
    return CallFailed("CONNECTION_LOST", str(error), Executed.MAYBE)


def _reason(error: ConnectTimeoutError) -> str:
    return str(error).rpartition(">: ")[2] or str(error)
