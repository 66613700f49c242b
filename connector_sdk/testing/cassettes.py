"""Cassettes: recorded exchanges that replay without a network, and hold no secret.

    @pytest.fixture
    def cassette(request, record_cassettes):
        path = Path("cassettes") / f"{request.node.name}.yaml"
        with Cassette(path, record=record_cassettes, secrets=["s3cret"]).playing():
            yield

What identifies a person or a session is taken out before an exchange reaches the disk: headers, form fields, JSON
keys and XML elements with a telling name, and every text of `secrets` wherever it stands and however it is written.
Requests match on method, path, query and decompressed body; each recorded exchange must be played exactly once;
anything else that wants to reach a network is refused. Hosts are not recorded: a recording of one port replays for any
other.
"""

from __future__ import annotations

import gzip
import re
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import vcr

from connector_sdk.observing.redaction import Redactor

REDACTED = "REDACTED"
HOST = "http://127.0.0.1:8765"
"""The address that stands in every cassette, whatever the recorded one was."""

_TELLING = (
    "access_?token|refresh_?token|id_?token|client_?secret|password|assertion|code_?verifier|signature|session_?id"
    "|api_?key|token"
)
"""In any case: `accessToken` is one of them."""
_HEADERS = frozenset({"authorization", "x-sfdc-session", "cookie", "set-cookie", "proxy-authorization", "x-api-key"})
_IN_FORMS = rf"{_TELLING}|code"
"""In a form, a code is that of a login; elsewhere it may be one of an error."""

_FORM = re.compile(rf"(?i)(?<![\w])({_IN_FORMS})=[^&\s\"]+")
_JSON = re.compile(rf'(?i)("(?:{_TELLING})"\s*:\s*)"(?:[^"\\]|\\.)*"?')
_JSON_IN_TEXT = re.compile(rf'(?i)(\\+"(?:{_TELLING})\\+"\s*:\s*\\+")[^"]*?(\\+"|$)')
_XML = re.compile(rf"(?is)(<(?:[\w.-]+:)?(?:{_TELLING})(?:\s[^>]*)?>).*?(</|$)")
_ADDRESS = re.compile(r"http://(?:127\.0\.0\.1|localhost):\d+")
_KEPT_HEADERS = frozenset({"accept", "content-type", "sforce-limit-info", "etag", "location", "retry-after"})
"""Headers that mean something to a client; the others tell when and where a recording was made."""


class CassetteError(AssertionError):
    """A cassette and the code under test do not fit: the message says how to record it anew."""


class Cassette:
    """A recording to be made (`record`) or to be replayed."""

    def __init__(self, path: Path, *, record: bool, secrets: Collection[str] = ()) -> None:
        self._path = path
        self._record = record
        self._secrets = [each for each in secrets if each]
        self._redactor = Redactor(REDACTED)
        for each in self._secrets:
            self._redactor.hide(each)

    @contextmanager
    def play(self) -> Iterator[None]:
        """Record or replay what happens inside. Raises `CassetteError` when a recorded exchange was not asked for."""
        if self._record:
            self._path.unlink(missing_ok=True)
        elif not self._path.exists():
            raise CassetteError(f"there is no cassette {self._path}: record it with make cassettes")
        recorder = vcr.VCR(
            record_mode="all" if self._record else "none",
            match_on=("method", "path", "query", "body"),
            before_record_request=self._clean_request,
            before_record_response=self._clean_response,
        )
        with recorder.use_cassette(str(self._path)) as tape, self._without_network():
            yield
        left = len(tape.requests) - tape.play_count
        if not self._record and left:
            raise CassetteError(f"{left} exchanges of {self._path} were not asked for: record it with make cassettes")

    @contextmanager
    def _without_network(self) -> Iterator[None]:
        """While replaying, no socket leaves this process."""
        if self._record:
            yield
            return

        def refused(*_: object) -> None:
            raise CassetteError(f"the network is off while {self._path} is replayed")

        with patch.object(socket.socket, "connect", refused):
            yield

    def _clean_request(self, request: Any) -> Any:
        """A request as it is kept and compared: plain body, no host, no secret."""
        body = request.body
        if isinstance(body, bytes) and body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        parts = urlsplit(request.uri)
        request.uri = self._clean(f"{HOST}{parts.path}{'?' + parts.query if parts.query else ''}")
        request.headers = self._clean_headers(request.headers)
        request.body = self._clean_body(body)
        return request

    def _clean_response(self, response: dict[str, Any]) -> dict[str, Any]:
        """An answer as it is kept."""
        body = response["body"].get("string", b"")
        if isinstance(body, bytes) and body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        headers = self._clean_headers(response["headers"])
        return {**response, "headers": headers, "body": {"string": self._clean_body(body)}}

    def _clean_headers(self, headers: Mapping[str, Any]) -> dict[str, Any]:
        """The headers that mean something, and of secret ones just that they were there."""
        kept: dict[str, Any] = {}
        for name, value in headers.items():
            several = isinstance(value, list)
            if name.lower() in _HEADERS:
                kept[name] = [REDACTED] if several else REDACTED
            elif name.lower() in _KEPT_HEADERS:
                kept[name] = [self._clean(each) for each in value] if several else self._clean(str(value))
        return kept

    def _clean_body(self, body: Any) -> Any:
        if isinstance(body, str):
            return self._clean(body).encode()
        if not isinstance(body, bytes):
            return body
        try:
            return self._clean(body.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError as error:
            raise CassetteError(f"a body that is not text cannot be cleaned of secrets: {error}") from None

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        text = self._redactor.scrub(text)
        text = _FORM.sub(rf"\1={REDACTED}", text)
        text = _JSON.sub(rf'\1"{REDACTED}"', text)
        text = _JSON_IN_TEXT.sub(rf"\1{REDACTED}\2", text)
        text = _XML.sub(rf"\1{REDACTED}\2", text)
        return _ADDRESS.sub(HOST, text)


def leaks(text: str) -> list[str]:
    """What in a cassette looks like a secret: tokens by their shape, and telling names with a value that was kept."""
    shapes = (
        r"00D\w{12,15}![\w.]{20,}",
        r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        r"(?i)bearer\s+(?!REDACTED)[\w.!-]{12,}",
        rf'(?i)"(?:{_TELLING})\\*"\s*:\s*\\*"(?!{REDACTED})[^"\\]+',
        rf"(?i)(?<![\w])(?:{_IN_FORMS})=(?!{REDACTED})[^&\s\"']+",
    )
    return [found.group() for shape in shapes for found in re.finditer(shape, text)]
