"""One call as handlers see it: its user, its API version and its body."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from salesforce_emulator.dml.model import Terms
from salesforce_emulator.errors import ApiError
from salesforce_emulator.json_rows import JsonRows
from salesforce_emulator.org.access import Permissions
from salesforce_emulator.origin import Origin
from salesforce_emulator.schema import Schemas
from salesforce_emulator.sessions import Session
from salesforce_emulator.world import World

_ALLOW = re.compile(r"allowSave\s*=\s*true", re.IGNORECASE)

JSON_TYPE = "application/json;charset=UTF-8"
NO_CACHE = "no-cache,must-revalidate,max-age=0,no-store,private"


class UnreadableBody(ValueError):
    """A body that is not compressed as its Content-Encoding header says."""


@frozen
class Call:
    """An authenticated call. Its body is complete and decompressed."""

    world: World
    request: Request
    version: str
    session: Session
    body: bytes

    @property
    def origin(self) -> Origin:
        """The method and path that fault rules match."""
        return Origin(self.request.method, self.request.url.path)

    @property
    def base(self) -> str:
        """The base path of the call's version, such as `/services/data/v58.0`."""
        return f"/services/data/v{self.version}"

    @property
    def schemas(self) -> Schemas:
        """The objects that the user can see."""
        return self.world.view(self.session.user_id).schemas

    @property
    def json_rows(self) -> JsonRows:
        """The reader of records. It knows only the fields that the user can see."""
        return self.world.view(self.session.user_id).json_rows

    @property
    def permissions(self) -> Permissions:
        """The permissions of the user."""
        return self.world.permissions(self.session.user_id)

    @property
    def terms(self) -> Terms:
        """How a REST call applies assignment and duplicate rules.

        REST API Developer Guide, "Assignment Rule Header" (without the header, active rules apply) and "Duplicate Rule
        Header".
        """
        assign = self.request.headers.get("sforce-auto-assign", "TRUE").strip()
        rule = {"TRUE": "active", "FALSE": ""}.get(assign.upper(), assign)
        duplicates = self.request.headers.get("sforce-duplicate-rule-header", "") if float(self.version) >= 52 else ""
        return Terms(assignment=rule, allow_duplicates=_ALLOW.search(duplicates) is not None)

    @property
    def may_hard_delete(self) -> bool:
        """Whether the user may delete records permanently."""
        return self.world.org.bulk.hard_delete and self.permissions.hard_delete

    def part(self, name: str) -> str:
        """Return one parameter of the path."""
        return str(self.request.path_params[name])

    def json(self) -> Any:
        """Return the parsed JSON body.

        Raises ApiError JSON_PARSER_ERROR, or ApiError 415 if the Content-Type is not JSON. REST API Developer Guide,
        "Status Codes and Error Responses".
        """
        kind = self.request.headers.get("content-type", "json").lower()
        if self.body and "json" not in kind:
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"The content type of the body is not served: {kind}")
        try:
            return json.loads(self.body)
        except ValueError as error:
            message = f"Unexpected character or end of input: {error}"
            raise ApiError(400, "JSON_PARSER_ERROR", message) from error

    def answer(self, content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """Return a JSON response, indented if the client asks for it."""
        pretty = self.request.headers.get("x-prettyprint") == "1"
        return json_answer(content, status, headers, pretty)


def json_answer(
    content: Any, status: int = 200, headers: dict[str, str] | None = None, pretty: bool = False
) -> Response:
    """Return a JSON response in Salesforce's layout."""
    layout: dict[str, Any] = {"indent": 2, "separators": (",", " : ")} if pretty else {"separators": (",", ":")}
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, **layout)
    return Response(text, status, {"Cache-Control": NO_CACHE, **(headers or {})}, JSON_TYPE)


async def read_body(request: Request) -> bytes:
    """Read the whole body and decompress it. Raises UnreadableBody. REST API Developer Guide, "Use Compression"."""
    body = await request.body()
    encoding = request.headers.get("content-encoding", "").lower()
    if encoding not in ("gzip", "deflate"):
        return body
    try:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
        return unpacker.decompress(body) + unpacker.flush()
    except zlib.error as error:
        raise UnreadableBody(str(error)) from error
