"""An org that answers what a test says, below the client: no sockets."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

import pyarrow as pa
from attrs import define, field
from connector_salesforce.org.org import Org
from connector_salesforce.transport.client import Client
from connector_salesforce.transport.credentials import Credentials, Login
from connector_salesforce.transport.quota import Quota
from connector_salesforce.transport.sending import Answer, Request

from connector_sdk import Action, Batch, Column, Mode

ORG_ID = "00Dxx0000001gPLEAY"
TOKEN = "00Dxx0000001gPL!token"

Reply = Answer | Exception
Handler = Callable[[Request], Reply]


@define
class ScriptedTransport:
    """Answers requests by the first handler whose method and path fit; remembers what was asked."""

    handlers: list[tuple[str, str, Handler]] = field(factory=list)
    requests: list[Request] = field(factory=list)
    closed: bool = False
    quota: Quota = field(factory=Quota)
    _lock: threading.Lock = field(factory=threading.Lock)

    def on(self, method: str, path: str, *replies: Reply | Handler) -> None:
        """Answer with `replies` in turn, the last for ever. `path` is a regular expression for the whole path."""
        left = list(replies)

        def handle(request: Request) -> Reply:
            with self._lock:
                reply = left.pop(0) if len(left) > 1 else left[0]
            return reply if isinstance(reply, Answer | Exception) else reply(request)

        self.handlers.insert(0, (method, path, handle))

    def send(self, request: Request, into: IO[bytes] | None = None) -> Answer:
        reply = self._reply(request)
        if request.kept is not None:
            request.kept(reply)
        if into is not None and reply.status < 300:
            into.write(reply.body)
        return reply

    def _reply(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
        path = request.url.removeprefix("https://acme.my.salesforce.com")
        for method, pattern, handle in self.handlers:
            if method == request.method and re.fullmatch(pattern, path):
                reply = handle(request)
                if isinstance(reply, Exception):
                    raise reply
                return reply
        return answer([{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}], 404)

    def close(self) -> None:
        self.closed = True

    def find_requests(self, method: str, path: str) -> list[Request]:
        return [each for each in self.requests if each.method == method and re.search(path, each.url)]


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    """Return an answer; anything but text and bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Answer(status, headers, raw)


def read_body(request: Request) -> bytes:
    """Return the decompressed body of a request."""
    return gzip.decompress(request.body) if request.headers.get("Content-Encoding") == "gzip" else request.body


def org(transport: ScriptedTransport, log_in: Callable[[], Login] | None = None, version: str = "58.0") -> Org:
    """Return an open org over a scripted transport."""
    login = Login(TOKEN, "https://acme.my.salesforce.com", ORG_ID, "005xx000001SwiUAAS")
    return Org(Client(transport, Credentials(log_in or (lambda: login)), version))  # type: ignore[arg-type]


def batch(
    rows: Mapping[str, Sequence[Any] | pa.Array],
    action: Action = Action.UPSERT,
    *,
    columns: Sequence[Column] | None = None,
    ids: Sequence[str | None] | None = None,
    api: str = "bulk",
    number: int = 1,
    object_name: str = "Contact",
) -> Batch:
    """Return a batch of contacts, matched by External_Id__c."""
    table = pa.table(dict(rows)) if rows else pa.table({"": pa.nulls(len(ids or ()))}).select([])
    return Batch(
        run="run",
        number=number,
        object_name=object_name,
        action=action,
        mode={Action.CREATE: Mode.INSERT, Action.DELETE: Mode.ARCHIVE}.get(action, Mode(action.value)
              if action in (Action.UPSERT, Action.UPDATE) else Mode.UPSERT),
        api=api,
        columns=tuple(columns or (Column(name) for name in rows)),
        rows=table,
        record_ids=None if ids is None else pa.array(ids, pa.string()),
        match_field="External_Id__c" if action is Action.UPSERT else None,
    )  # fmt: skip


def described_field(name: str, type_: str = "string", **attributes: Any) -> dict[str, Any]:
    """Return a field as describe shows it."""
    return {
        "name": name, "label": name, "type": type_, "length": 80 if type_ == "string" else 0, "byteLength": 0,
        "precision": 0, "scale": 0, "digits": 0, "createable": True, "updateable": True, "nillable": True,
        "defaultedOnCreate": False, "unique": False, "externalId": False, "idLookup": False, "caseSensitive": False,
        "filterable": True, "permissionable": True, "calculated": False, "autoNumber": False, "referenceTo": [],
        "relationshipName": None, "picklistValues": [], "restrictedPicklist": False, "deprecatedAndHidden": False,
        **attributes,
    }  # fmt: skip


CONTACT_FIELDS = [
    described_field("Id", "id", createable=False, updateable=False, nillable=False, defaultedOnCreate=True,
                    idLookup=True, permissionable=False, length=18),
    described_field("LastName", nillable=False),
    described_field("Email", "email", idLookup=True, length=80),
    described_field("External_Id__c", externalId=True, idLookup=True, unique=True, length=64),
    described_field("Unique_Key__c", unique=True, length=64),
    described_field("AccountId", "reference", referenceTo=["Account"], relationshipName="Account", length=18),
    described_field("OwnerId", "reference", referenceTo=["Group", "User"], relationshipName="Owner", length=18),
]  # fmt: skip


def described_object(name: str, fields: Sequence[Any] = (), **attributes: Any) -> dict[str, Any]:
    """Return an object as describe shows it."""
    return {
        "name": name, "label": name, "keyPrefix": "003", "createable": True, "updateable": True, "deletable": True,
        "mergeable": False, "deprecatedAndHidden": False, "fields": list(fields), **attributes,
    }  # fmt: skip


def add_objects(transport: ScriptedTransport, *objects: dict[str, Any]) -> None:
    """Add objects to the org."""
    transport.on("GET", "/services/data/v58.0/sobjects", answer({"sobjects": list(objects)}))
    for each in objects:
        transport.on("GET", f"/services/data/v58.0/sobjects/{each['name']}/describe", answer(each))
