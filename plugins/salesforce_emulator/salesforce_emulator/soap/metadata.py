"""The Metadata API: readMetadata, updateMetadata and upsertMetadata.

Metadata API Developer Guide, "CRUD-Based Calls": up to ten components of one type, with one result each, in order.
"""

from __future__ import annotations

from xml.etree import ElementTree

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salesforce_emulator import components
from salesforce_emulator.dml.engine import ROLLED_BACK
from salesforce_emulator.errors import RowFault, RowRefused
from salesforce_emulator.metadata.value_trees import Tree
from salesforce_emulator.soap import metadata_listing
from salesforce_emulator.soap.elements import put
from salesforce_emulator.soap.endpoint import Operation, SoapCall, serve
from salesforce_emulator.soap.faults import SoapFault
from salesforce_emulator.soap.rows import check_count, put_errors
from salesforce_emulator.soap.trees import put_tree, read_tree
from salesforce_emulator.xml_bodies import local

_MOST = 10
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_ALL_OR_NONE_BEFORE = 34
_NO_TYPE = "This type of metadata is not available for this organization"
_MAY_NOT = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"


def read(call: SoapCall, response: ElementTree.Element) -> None:
    """Put the named components into the response. A component that the org does not have is nil."""
    _check_user(call)
    named = "".join((child.text or "").strip() for child in call.message.operation if local(child) == "type")
    kind = _check_kind(call, named)
    names = [(child.text or "").strip() for child in call.message.operation if local(child) == "fullNames"]
    check_count(len(names), _MOST)
    result = ElementTree.SubElement(response, "result")
    for name in names:
        tree = components.read(call.world.org, kind, name)
        if tree is None:
            put(result, "records", None)
        else:
            put_tree(ElementTree.SubElement(result, "records", {"xsi:type": kind}), {"fullName": name, **tree})


def update(call: SoapCall, response: ElementTree.Element) -> None:
    """Replace components."""
    for name, fault, _ in _write_components(call, creates=False):
        _put_outcome(ElementTree.SubElement(response, "result"), name, fault)


def upsert(call: SoapCall, response: ElementTree.Element) -> None:
    """Replace components, or create missing ones."""
    for name, fault, created in _write_components(call, creates=True):
        result = ElementTree.SubElement(response, "result")
        put(result, "created", created and fault is None)
        _put_outcome(result, name, fault)


_Written = tuple[str | None, RowFault | None, bool]


def _write_components(call: SoapCall, creates: bool) -> list[_Written]:
    _check_user(call)
    sent = [child for child in call.message.operation if local(child) == "metadata"]
    check_count(len(sent), _MOST)
    kinds = [_kind(call, element) for element in sent]
    if len(set(kinds)) > 1:
        raise SoapFault("INVALID_TYPE", "All components of a call must be of the same type")
    trees = [read_tree(element) for element in sent]
    writing = components.Writing(call.call.origin, call.call.session.user_id, adds=True, creates=creates)
    with call.world.engine.lock:
        before = call.world.org
        done = [_write(call, writing, kind, tree) for kind, tree in zip(kinds, trees, strict=True)]
        if _all_or_none(call) and any(fault is not None for _, fault, _ in done):
            call.world.adopt(before, call.call.session.user_id)
            for kind, (name, fault, _) in zip(kinds, done, strict=True):
                if fault is None:
                    call.world.audit.undo(kind, str(name))
            return [(name, fault or ROLLED_BACK, False) for name, fault, _ in done]
    return done


def _write(call: SoapCall, writing: components.Writing, kind: str, tree: Tree) -> _Written:
    name = tree.pop("fullName", None)
    if not name:
        return None, RowFault("REQUIRED_FIELD_MISSING", "Required fields are missing: [fullName]"), False
    try:
        return name, None, components.write(call.world, writing, kind, name, tree)
    except RowRefused as refusal:
        return name, refusal.fault, False


def _put_outcome(result: ElementTree.Element, name: str | None, fault: RowFault | None) -> None:
    put_errors(result, [fault] if fault is not None else [])
    put(result, "fullName", name)
    put(result, "success", fault is None)


def _kind(call: SoapCall, element: ElementTree.Element) -> str:
    type_ = element.get(_TYPE)
    if type_ is None:
        raise SoapFault(None, "Must specify a type attribute value for the metadata element")
    return _check_kind(call, type_.rpartition(":")[2])


def _check_kind(call: SoapCall, kind: str) -> str:
    if not components.is_known(kind, call.call.version):
        raise SoapFault("INVALID_TYPE", _NO_TYPE)
    return kind


def _check_user(call: SoapCall) -> None:
    if not call.call.permissions.modify_metadata:
        raise SoapFault("INSUFFICIENT_ACCESS", _MAY_NOT)


def _all_or_none(call: SoapCall) -> bool:
    said = call.message.headers.get("AllOrNoneHeader", {}).get("allOrNone")
    return float(call.call.version) < _ALL_OR_NONE_BEFORE if said is None else said in ("true", "1")


def describe(call: SoapCall, response: ElementTree.Element) -> None:
    """Write the component types that the org serves."""
    _check_user(call)
    metadata_listing.describe(call, response)


def list_(call: SoapCall, response: ElementTree.Element) -> None:
    """Write the components of some types."""
    _check_user(call)
    metadata_listing.list_(call, response)


_OPERATIONS: dict[str, Operation] = {
    "readMetadata": read,
    "updateMetadata": update,
    "upsertMetadata": upsert,
    "describeMetadata": describe,
    "listMetadata": list_,
}


async def answer(request: Request) -> Response:
    """POST /services/Soap/m/VERSION, with or without the org's id after it."""
    return await serve(request, _OPERATIONS)


ROUTES = [
    Route("/services/Soap/m/{version}", answer, methods=["POST"]),
    Route("/services/Soap/m/{version}/{org}", answer, methods=["POST"]),
]
