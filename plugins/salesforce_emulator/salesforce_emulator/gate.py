"""The first stage of every request: count it, check its limits and apply the fault rules."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from salesforce_emulator.altered import Altered
from salesforce_emulator.audit import Incoming
from salesforce_emulator.bulk.wire import error_answer
from salesforce_emulator.call import json_answer
from salesforce_emulator.conversion import convert_by_hand
from salesforce_emulator.errors import BulkError, OAuthError
from salesforce_emulator.faults import Action, Failure
from salesforce_emulator.in_flight import InFlight
from salesforce_emulator.oauth.authorize import redirect_error
from salesforce_emulator.oauth.routes import refusal
from salesforce_emulator.origin import Origin
from salesforce_emulator.side_door import PREFIX
from salesforce_emulator.soap.dialect import dialect_of
from salesforce_emulator.soap.endpoint import fault_answer
from salesforce_emulator.soap.faults import SoapFault
from salesforce_emulator.world import World
from salesforce_emulator.wrong_host import wrong_host

TRANSPORT = "salesforce_emulator.transport"

_LONGEST = 16_384
_TOO_MANY_CALLS = Failure("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
_SESSION_ID = re.compile(rb"sessionId>\s*([^<\s]+)")
_OBJECT = re.compile(r"/sobjects/([A-Za-z]\w*)")
_JOB = re.compile(r"/(job|jobs/ingest|jobs/query)/(\w{15,18})")


class Gate:
    """An ASGI application that applies limits and fault rules before it calls another one."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app = app
        self._world = world
        self._later: set[asyncio.Task[None]] = set()
        self._in_flight = InFlight()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        _normalize_path(scope)
        if scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        origin = Origin(scope["method"], scope["path"])
        send = _note_status(self._world.audit.call(origin.method, origin.path), send)
        astray = _too_long(scope) or wrong_host(self._world.hosts, Request(scope)) or self._refuse_crowded(scope)
        if astray is not None:
            await astray(scope, receive, send)
            return
        actions = self._world.faults.for_request(origin, self._object(scope["path"]))
        with self._in_flight.one(origin.path):
            if actions:
                await self._apply_actions(actions, scope, receive, send)
            else:
                await self._app(scope, receive, send)

    def _refuse_crowded(self, scope: Scope) -> Response | None:
        if not self._in_flight.refuses(scope["path"], self._world.org.concurrent_calls):
            return None
        status = 500 if scope["path"].startswith("/services/Soap/") else 403
        return _refusal(_TOO_MANY_CALLS, status, Request(scope))

    def _object(self, path: str) -> str | None:
        match = _OBJECT.search(path)
        if match is not None:
            return match[1]
        match = _JOB.search(path)
        return self._world.object_of_job(match[2]) if match is not None else None

    async def _apply_actions(self, actions: list[Action], scope: Scope, receive: Receive, send: Send) -> None:
        """Do what fault rules want before a call is answered, then answer, cut or alter it as they say."""
        body = await _whole(receive)
        resets = self._world.resets
        for action in actions:
            await asyncio.sleep(action.delay)
            if self._world.resets != resets:
                await self._cut("before", scope, receive, body, send)
                return
            if action.expire:
                self._world.sessions.close(_token(Request(scope), body))
            if action.convert:
                await run_in_threadpool(convert_by_hand, self._world, action.convert)
            if action.org:
                await run_in_threadpool(self._world.change, action.org)
            if action.duplicate is not None:
                self._repeat_later(action.duplicate, scope, body)
            if action.waits:
                scope.setdefault("state", {})["slow"] = action.waits
        last = actions[-1]
        if last.cut is not None:
            await self._cut(last.cut, scope, receive, body, send)
            return
        answer = _answer(last, Request(scope)) or self._app
        altering = [action for action in actions if action.alters]
        if altering:
            answer = Altered(answer, altering)
        await answer(scope, _replay_body(body), send)

    def _repeat_later(self, seconds: float, scope: Scope, body: bytes) -> None:
        resets = self._world.resets

        async def repeat() -> None:
            await asyncio.sleep(seconds)
            if self._world.resets == resets:
                await self._app(dict(scope), _replay_body(body), _discard)

        task = asyncio.create_task(repeat())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _cut(self, place: str, scope: Scope, receive: Receive, body: bytes, send: Send) -> None:
        transport: asyncio.Transport = scope["state"][TRANSPORT]
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        if place != "before":
            await self._app(scope, _replay_body(body), keep)
        if place == "during":
            await _send_half(answer, send)
        # close() flushes what was written, then closes the connection.
        transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass


def _note_status(incoming: Incoming, send: Send) -> Send:
    """Return a `send` that also records the status of the response."""

    async def send_and_note(message: Message) -> None:
        if message["type"] == "http.response.start":
            incoming.status = message["status"]
        await send(message)

    return send_and_note


async def _send_half(answer: list[Message], send: Send) -> None:
    content = b"".join(message.get("body", b"") for message in answer[1:])
    await send(answer[0])
    await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})


def _answer(action: Action, request: Request) -> Response | None:
    if action.error is not None:
        return _refusal(action.error, action.status or 400, request)
    if action.status is not None:
        return Response(action.body, action.status, action.headers)
    return None


def _refusal(failure: Failure, status: int, request: Request) -> Response:
    """Return an error in the format of the API that was called."""
    path = request.url.path
    if path.startswith("/services/async/"):
        return error_answer(request, BulkError(failure.code, failure.message, status))
    if path.startswith("/services/Soap/"):
        fault = SoapFault(failure.code, failure.message, 500 if status == 400 else status)
        return fault_answer(fault, dialect_of(path))
    if path == "/services/oauth2/authorize" and "redirect_uri" in request.query_params:
        return redirect_error(request.query_params, OAuthError(failure.code, failure.message))
    if path.startswith("/services/oauth2/"):
        return refusal(OAuthError(failure.code, failure.message, status))
    error: dict[str, Any] = {"message": failure.message, "errorCode": failure.code}
    return json_answer([{**error, "fields": list(failure.fields)} if failure.fields else error], status)


def _token(request: Request, body: bytes) -> str:
    header = request.headers.get("x-sfdc-session") or request.headers.get("authorization", "").partition(" ")[2]
    in_body = _SESSION_ID.search(body)
    return header or (in_body[1].decode() if in_body is not None else "")


def _normalize_path(scope: Scope) -> None:
    # Salesforce treats /query/ as /query. It treats //services, which the sf CLI requests, as /services. An encoded
    # slash at the end belongs to a key and stays.
    if len(scope["path"]) > 1 and scope.get("raw_path", b"").endswith(b"/"):
        scope["path"] = scope["path"].removesuffix("/")
    if scope["path"].startswith("//"):
        scope["path"] = "/" + scope["path"].lstrip("/")


def _too_long(scope: Scope) -> Response | None:
    """Refuse a request with a long address (414) or with a long address and headers (431).

    REST API Developer Guide, "Status Codes".
    """
    address = len(scope.get("raw_path", b"")) + len(scope["query_string"])
    if address > _LONGEST:
        return HTMLResponse("<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>", 414)
    if address + sum(len(name) + len(value) for name, value in scope["headers"]) > _LONGEST:
        return HTMLResponse("<h1>Bad Message 431</h1><pre>reason: Request Header Fields Too Large</pre>", 431)
    return None


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replay_body(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


async def _discard(message: Message) -> None:
    """Ignore the response of a repeated request."""
