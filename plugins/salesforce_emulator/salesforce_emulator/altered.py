"""Responses that a fault rule alters: truncated without an error, or with their rows in another order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from salesforce_emulator.faults import Action


class Altered:
    """An ASGI application that alters the response of another one."""

    def __init__(self, app: ASGIApp, actions: Sequence[Action]) -> None:
        self._app = app
        self._actions = actions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send an altered response. It is never compressed, because the rules alter its plain content."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._app({**scope, "headers": plain}, receive, keep)
        content = b"".join(message.get("body", b"") for message in messages[1:])
        for action in self._actions:
            content = _alter_content(action, content)
        await send(_with_length(messages[0], len(content)))
        await send({"type": "http.response.body", "body": content})


def _alter_content(action: Action, content: bytes) -> bytes:
    if action.shuffle:
        head, *rows = _rows(content) or [b""]
        random.Random(len(content)).shuffle(rows)
        content = b"".join([head, *rows])
    return content if action.truncate is None else content[: int(len(content) * action.truncate)]


def _rows(content: bytes) -> list[bytes]:
    """Return the rows of a CSV file. Line breaks within quotes are part of a row."""
    rows: list[bytes] = []
    for line in content.splitlines(keepends=True):
        if rows and rows[-1].count(b'"') % 2:
            rows[-1] += line
        else:
            rows.append(line)
    return rows


def _with_length(start: Message, length: int) -> dict[str, Any]:
    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    return {**start, "headers": [*headers, (b"content-length", str(length).encode())]}
