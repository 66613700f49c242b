"""The checks around every SOAP call: form, version, session, allocation and faults. It adds the usage header."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.etree import ElementTree

from attrs import frozen
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from salesforce_emulator.allocations import API_REQUESTS
from salesforce_emulator.call import Call, UnreadableBody, read_body
from salesforce_emulator.dml.model import Terms
from salesforce_emulator.errors import PASSWORD_EXPIRED
from salesforce_emulator.sessions import Session
from salesforce_emulator.soap.dialect import Dialect, dialect_of
from salesforce_emulator.soap.elements import envelope, put
from salesforce_emulator.soap.faults import SoapFault
from salesforce_emulator.soap.message import Message, read_message
from salesforce_emulator.versions import Standing, judge_version
from salesforce_emulator.world import World
from salesforce_emulator.xml_bodies import document

XML = "text/xml;charset=UTF-8"


@frozen
class SoapCall:
    """An authenticated call and its message."""

    call: Call
    message: Message

    @property
    def world(self) -> World:
        """The org."""
        return self.call.world

    @property
    def terms(self) -> Terms:
        """How the call applies assignment and duplicate rules.

        SOAP API Developer Guide, "SOAP Headers": without a header, no rule applies.
        """
        assignment = self.message.headers.get("AssignmentRuleHeader", {})
        rule = "active" if assignment.get("useDefaultRule") in ("true", "1") else assignment.get("assignmentRuleId", "")
        return Terms(assignment=rule, allow_duplicates=self.message.says("DuplicateRuleHeader", "allowSave"))


Operation = Callable[[SoapCall, ElementTree.Element], None]
LogIn = Callable[[World, str, Message, ElementTree.Element], None]


async def serve(request: Request, operations: Mapping[str, Operation], log_in: LogIn | None = None) -> Response:
    """Return the response to a request. An operation fills in its response element, or a fault replaces it."""
    world: World = request.app.state.world
    dialect = dialect_of(request.url.path)
    try:
        message = await _message(world, request, dialect)
        version = str(request.path_params["version"])
        if message.name == "login" and log_in is not None:
            return _answer(lambda response: log_in(world, version, message, response), message.name, dialect, None)
        if world.hosts.is_login(request.scope):
            raise SoapFault("UNKNOWN_EXCEPTION", "Destination URL not reset. The URL returned from login must be set")
        operation = operations.get(message.name)
        if operation is None:
            raise SoapFault(None, f"No operation available for request {message.operation.tag}")
        call = SoapCall(Call(world, request, version, _session(world, message), b""), message)
        return await run_in_threadpool(
            _answer, lambda response: operation(call, response), message.name, dialect, world.usage()
        )
    except SoapFault as fault:
        return fault_answer(fault, dialect)


def fault_answer(fault: SoapFault, dialect: Dialect) -> Response:
    """Return a response with a fault."""
    return Response(document(fault.document(dialect)), fault.status, {"Content-Type": XML})


async def _message(world: World, request: Request, dialect: Dialect) -> Message:
    if "soapaction" not in request.headers:
        raise SoapFault(None, "SOAPAction HTTP header missing")
    if not request.headers.get("content-type", "").startswith("text/xml"):
        raise SoapFault(None, "content-type of the request should be text/xml", 415)
    if judge_version(world.org.versions, str(request.path_params["version"])) is not Standing.SERVED:
        raise SoapFault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
    try:
        return read_message(await read_body(request), dialect)
    except UnreadableBody as error:
        raise SoapFault(None, f"The body cannot be decompressed: {error}") from error


def _session(world: World, message: Message) -> Session:
    session = world.sessions.find(message.session_id)
    if session is None or not session.opaque or not session.for_the_api:
        problem = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session hash"
        raise SoapFault("INVALID_SESSION_ID", problem)
    if not world.permissions(session.user_id).api_enabled:
        raise SoapFault("API_CURRENTLY_DISABLED", "API is disabled for this user")
    if world.login_state(session.user_id).password_expired:
        raise SoapFault(*PASSWORD_EXPIRED)
    if not world.allocations.take(API_REQUESTS):
        raise SoapFault("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    return session


def _answer(fill: Callable[[ElementTree.Element], None], name: str, dialect: Dialect, usage: str | None) -> Response:
    root, body = envelope(dialect.answers)
    if usage is not None and dialect.verbose:
        root.insert(0, _build_limit_info_header(usage))
    fill(ElementTree.SubElement(body, f"{name}Response"))
    return Response(document(root), 200, {"Content-Type": XML})


def _build_limit_info_header(usage: str) -> ElementTree.Element:
    """Return the SOAP header that reports the API usage, given as `api-usage=CURRENT/LIMIT`."""
    current, _, limit = usage.partition("=")[2].partition("/")
    header = ElementTree.Element("soapenv:Header")
    info = ElementTree.SubElement(ElementTree.SubElement(header, "LimitInfoHeader"), "limitInfo")
    for name, value in (("current", current), ("limit", limit), ("type", "API REQUESTS")):
        put(info, name, value)
    return header
