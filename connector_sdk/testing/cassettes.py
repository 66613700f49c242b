"""Cassettes: recorded HTTP exchanges that replay without a network and hold no secrets.

    @pytest.fixture
    def cassette(request, record_cassettes):
        path = Path("cassettes") / f"{request.node.name}.yaml"
        with Cassette(path, record=record_cassettes, secrets=["s3cret"]).play():
            yield

Credentials are removed before an exchange reaches the disk. This covers headers, form fields, JSON keys and XML
elements with a name such as `password`. It also covers each text of `secrets`, wherever and however it is encoded.

A request matches a recorded one if method, path, query and decompressed body are equal. Each recorded exchange must
be played exactly once, and any other network access raises an error. Hosts are not recorded, so a recording of one
port replays on any other.
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
"""The address that each cassette shows in place of the recorded one."""

_TELLING = (
    "access_?token|refresh_?token|id_?token|client_?secret|password|assertion|code_?verifier|signature|session_?id"
    "|api_?key|token"
)
"""The names whose values are secret, without regard to case: `accessToken` matches."""
_HEADERS = frozenset({"authorization", "x-sfdc-session", "cookie", "set-cookie", "proxy-authorization", "x-api-key"})
_IN_FORMS = rf"{_TELLING}|code"
"""The names of secret form fields. A form field `code` is a login code; elsewhere `code` may be an error code."""

_FORM = re.compile(rf"(?i)(?<![\w])({_IN_FORMS})=[^&\s\"]+")
_JSON = re.compile(rf'(?i)("(?:{_TELLING})"\s*:\s*)"(?:[^"\\]|\\.)*"?')
_JSON_IN_TEXT = re.compile(rf'(?i)(\\+"(?:{_TELLING})\\+"\s*:\s*\\+")[^"]*?(\\+"|$)')
_XML = re.compile(rf"(?is)(<(?:[\w.-]+:)?(?:{_TELLING})(?:\s[^>]*)?>).*?(</|$)")
_ADDRESS = re.compile(r"http://(?:127\.0\.0\.1|localhost):\d+")
_KEPT_HEADERS = frozenset({"accept", "content-type", "sforce-limit-info", "etag", "location", "retry-after"})
"""Headers that a client uses. The others only say when and where the recording was made."""


class CassetteError(AssertionError):
    """A cassette that does not fit the code under test; the message says how to record it again."""


class Cassette:
    """A recording: to make if `record` is true, else to replay."""

    def __init__(self, path: Path, *, record: bool, secrets: Collection[str] = ()) -> None:
        self._path = path
        self._record = record
        self._secrets = [each for each in secrets if each]
        self._redactor = Redactor(REDACTED)
        for each in self._secrets:
            self._redactor.hide(each)

    @contextmanager
    def play(self) -> Iterator[None]:
        """Record or replay the exchanges inside the block.

        Raises `CassetteError` if there is no cassette to replay, or if a recorded exchange is not played.
        """
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
        """Block network connections while a cassette is replayed."""
        if self._record:
            yield
            return

        def refuse(*_: object) -> None:
            raise CassetteError(f"the network is off while {self._path} is replayed")

        with patch.object(socket.socket, "connect", refuse):
            yield

    def _clean_request(self, request: Any) -> Any:
        """Return a request as it is stored and compared: decompressed, without host and secrets."""
        body = request.body
        if isinstance(body, bytes) and body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        parts = urlsplit(request.uri)
        request.uri = self._clean(f"{HOST}{parts.path}{'?' + parts.query if parts.query else ''}")
        request.headers = self._clean_headers(request.headers)
        request.body = self._clean_body(body)
        return request

    def _clean_response(self, response: dict[str, Any]) -> dict[str, Any]:
        """Return a response as it is stored: decompressed and without secrets."""
        body = response["body"].get("string", b"")
        if isinstance(body, bytes) and body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        headers = self._clean_headers(response["headers"])
        return {**response, "headers": headers, "body": {"string": self._clean_body(body)}}

    def _clean_headers(self, headers: Mapping[str, Any]) -> dict[str, Any]:
        """Return the headers that a client uses; the value of a secret one is replaced."""
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
    """Return the parts of a cassette that look like secrets: token shapes, and secret names with a plain value."""
    shapes = (
        r"00D\w{12,15}![\w.]{20,}",
        r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        r"(?i)bearer\s+(?!REDACTED)[\w.!-]{12,}",
        rf'(?i)"(?:{_TELLING})\\*"\s*:\s*\\*"(?!{REDACTED})[^"\\]+',
        rf"(?i)(?<![\w])(?:{_IN_FORMS})=(?!{REDACTED})[^&\s\"']+",
    )
    return [found.group() for shape in shapes for found in re.finditer(shape, text)]
