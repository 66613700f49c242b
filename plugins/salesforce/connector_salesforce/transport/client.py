"""Make calls to one org with its token: renew an ended session once, and raise errors with their codes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.answer_shape import (
    COUNT,
    LIST,
    TEXT,
    Shape,
    require_list,
    require_object,
    unreadable,
)
from connector_salesforce.transport.compression import GZIP, compress
from connector_salesforce.transport.credentials import Credentials, Login
from connector_salesforce.transport.error_bodies import SESSION_CODES, fault, fault_in
from connector_salesforce.transport.hosts import HostError, server_path
from connector_salesforce.transport.json_body import read_json
from connector_salesforce.transport.quota import CALLS, Quota, read_remaining
from connector_salesforce.transport.redaction import MARK
from connector_salesforce.transport.sending import Answer, Request, Transport
from connector_salesforce.transport.xml import MarkupError, parse, response_in
from connector_sdk import Executed

Headers = Mapping[str, str]

_COMPRESS_FROM = 1_000
"""The bytes of a body from which compression pays."""

_DONE = (200, 201, 202, 204)
"""Statuses of calls that succeeded and have a complete answer ("Status Codes and Error Responses")."""

_PART: Shape = {"referenceId": TEXT, "httpStatusCode": COUNT}
"""The shape of the answer to one of the calls of a composite call, besides its body ("Composite")."""


class Client:
    """A client of one org's REST, Bulk and SOAP APIs, safe to use from any thread. Every method raises `CallFailed`."""

    def __init__(self, transport: Transport, credentials: Credentials, version: str) -> None:
        self._transport = transport
        self._credentials = credentials
        self.version = version

    @property
    def login(self) -> Login:
        """The current login."""
        return self._credentials.login

    @property
    def quota(self) -> Quota:
        """The day's calls. Each call is subtracted from them, and calls that are kept for others are refused."""
        return self._transport.quota

    @property
    def _data_path(self) -> str:
        """The path below which the REST API lies."""
        return f"/services/data/v{self.version}"

    def get(self, path: str, **parameters: str) -> Any:
        """Return the JSON at a path below `/services/data/vXX.X`."""
        query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
        return _read(self.rest("GET", f"{self._data_path}{path}{query}"))

    def get_page(self, path: str) -> Any:
        """Return the JSON at a path that an answer named."""
        try:
            own = server_path(path)
        except HostError as error:
            raise CallFailed("FOREIGN_HOST", str(error), Executed.NO) from None
        return _read(self.rest("GET", own))

    def write(self, method: str, path: str, body: bytes = b"", headers: Headers | None = None) -> Any:
        """Send JSON to a path below `/services/data/vXX.X`, and return the JSON of the answer."""
        own = {"Content-Type": "application/json; charset=UTF-8", **(headers or {})}
        return _json(self.rest(method, f"{self._data_path}{path}", body, own))

    def composite(self, paths: Mapping[str, str], at: str = "/composite") -> Mapping[str, Any]:
        """Return the JSON at several paths below `/services/data/vXX.X` from one call.

        `paths` has at most 5 queries by name, and the answers come back under the same names (REST API Developer Guide,
        "Composite"). Raises the first error among the answers. `at` may be another resource that takes several calls as
        one, such as the one of the Tooling API.
        """
        answers = self.composite_each(paths, at)
        for each in answers.values():
            if isinstance(each, CallFailed):
                raise each
        return answers

    def composite_each(self, paths: Mapping[str, str], at: str = "/composite") -> Mapping[str, Any | CallFailed]:
        """Return what `composite` returns, but with the error in place of each path that was refused."""
        asked = [{"method": "GET", "referenceId": name, "url": self._data_path + path} for name, path in paths.items()]
        body = json.dumps({"allOrNone": False, "compositeRequest": asked}).encode()
        return _read_composite(self.write("POST", at, body), paths)

    def upload(self, path: str, body: bytes) -> None:
        """Send CSV to a path below `/services/data/vXX.X`, which answers without a body ("Upload Job Data")."""
        answer = self.rest("PUT", f"{self._data_path}{path}", body, {"Content-Type": "text/csv; charset=UTF-8"})
        if answer.body.strip():
            raise unreadable("an upload is answered with a text", Executed.MAYBE, status=answer.status)

    def download(self, path: str) -> IO[bytes]:
        """Return the CSV at a path below `/services/data/vXX.X`, as a file without a name."""
        file = TemporaryFile()  # noqa: SIM115 - the caller closes it
        try:
            self._call("GET", f"{self._data_path}{path}", b"", {"Accept": "text/csv"}, _bearer, file)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def rest(self, method: str, path: str, body: bytes = b"", headers: Headers | None = None) -> Answer:
        """Call the REST API by its whole path, and return the answer."""
        return self._call(method, path, body, headers or {}, _bearer)

    def bulk(self, method: str, path: str, body: bytes = b"", content_type: str = "application/xml") -> Answer:
        """Call the Bulk API by a path below `/services/async/XX.X` (Bulk API Developer Guide, "URIs")."""
        headers = {"Content-Type": f"{content_type}; charset=UTF-8"} if body else {}
        whole = f"/services/async/{self.version}{path}"
        return self._call(method, whole, body, headers, lambda token: {"X-SFDC-Session": token})

    def soap(self, path: str, action: str, envelope: Callable[[str], bytes]) -> ElementTree.Element:
        """Call a SOAP API at a path below `/services/Soap`, and return the response in the answer.

        `envelope` builds the message from the session's token (SOAP API Developer Guide, "SessionHeader").
        """
        headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": f'"{action}"', "Accept-Encoding": "gzip"}
        try:
            shown = envelope(MARK)
        except MarkupError as error:
            raise CallFailed("UNSAYABLE_IN_XML", str(error), Executed.NO) from None

        def send(login: Login) -> Answer:
            url = f"{login.instance}/services/Soap{path}"
            return self._send(Request("POST", url, headers, envelope(login.token), shown))

        answer = self._send_with_renewal(send)
        try:
            return response_in(parse(answer.body))
        except MarkupError as error:
            raise unreadable(str(error), Executed.MAYBE, status=answer.status) from None

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _call(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Headers,
        signed: Callable[[str], Headers],
        into: IO[bytes] | None = None,
    ) -> Answer:
        packed, packing = (compress(body), GZIP) if len(body) >= _COMPRESS_FROM else (body, {})
        own = {"Accept-Encoding": "gzip", **headers, **packing}

        def send(login: Login) -> Answer:
            signed_headers = {**own, **signed(login.token)}
            request = Request(method, login.instance + path, signed_headers, packed, body[:16_384])
            return self._send(request, into)

        return self._send_with_renewal(send)

    def _send(self, request: Request, into: IO[bytes] | None = None) -> Answer:
        self.quota.take(self._ask_calls_left)
        try:
            return _good(self._transport.send(request, into))
        finally:
            self.quota.release()

    def _ask_calls_left(self) -> int | None:
        """Ask the org how many of the day's calls are left. Return None if it does not say."""

        def send(login: Login) -> Answer:
            headers = {"Accept-Encoding": "gzip", **_bearer(login.token)}
            return _good(self._transport.send(Request("GET", f"{login.instance}{self._data_path}/limits", headers)))

        try:
            return read_remaining(_read(self._send_with_renewal(send)), CALLS)
        except CallFailed as error:
            return 0 if error.code == "REQUEST_LIMIT_EXCEEDED" else None

    def _send_with_renewal(self, send: Callable[[Login], Answer]) -> Answer:
        """Send with the current login. If its session has ended, send once more with a new one."""
        login = self._credentials.login
        try:
            return send(login)
        except CallFailed as error:
            if error.code not in SESSION_CODES:
                raise
        return send(self._renew_login(login.token))

    def _renew_login(self, ended: str) -> Login:
        """Return a new login. If there is none, Salesforce refused the call that needed it and did not execute it."""
        try:
            return self._credentials.renew(ended)
        except CallFailed as error:
            raise error.about_batch(Executed.NO) from error


def _bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def _read_composite(said: Any, names: Collection[str]) -> Mapping[str, Any | CallFailed]:
    """Return the bodies in a composite answer, or their errors, by the names of the calls. Raises `CallFailed`."""
    whole = require_object(said, {"compositeResponse": LIST}, "a composite answer")
    parts = require_list(whole["compositeResponse"], _PART, "a composite answer")
    told = Counter(each["referenceId"] for each in parts)
    if any(told[name] != 1 for name in names):
        raise unreadable("a composite answer does not have exactly one part for each call", Executed.NO)
    bodies = {each["referenceId"]: _body_of(each["httpStatusCode"], each.get("body")) for each in parts}
    return {name: bodies[name] for name in names}


def _body_of(status: int, body: Any) -> Any | CallFailed:
    return body if 200 <= status < 300 else fault_in(status, body)


def segment(text: str) -> str:
    """Return a text as one segment of a path. Dots that would lead out of the path are encoded, too."""
    return text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")


def _good(answer: Answer) -> Answer:
    """Return the answer of a call that succeeded. Raises `CallFailed` for any other."""
    if answer.status in _DONE:
        return answer
    if 200 <= answer.status < 300:
        why = f"the status {answer.status} is none that Salesforce answers"
        raise unreadable(why, Executed.MAYBE, status=answer.status)
    raise fault(answer.status, answer.headers, answer.body)


def _json(answer: Answer) -> Any:
    """Return the JSON of an answer, or None if it is empty. A call whose answer is no JSON may have been executed."""
    if not answer.body:
        return None
    try:
        return read_json(answer.body)
    except ValueError:
        why = f"the body with status {answer.status} is not JSON"
        raise unreadable(why, Executed.MAYBE, status=answer.status) from None


def _read(answer: Answer) -> Any:
    """Return the JSON of an answer. Raises `CallFailed` if the answer is empty."""
    said = _json(answer)
    if said is None:
        raise unreadable("it is empty", Executed.MAYBE, status=answer.status)
    return said
