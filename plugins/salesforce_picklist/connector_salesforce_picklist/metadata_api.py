"""Standard value sets through the Metadata API (SOAP): read and write them as a whole.

Metadata API Guide, "readMetadata()", "updateMetadata()", "StandardValueSet".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from connector_salesforce import CallFailed, Org, add_element, make_envelope, name_of, normalize_code, unreadable

from connector_salesforce_picklist.values import Raw
from connector_sdk import Executed

_METADATA = "http://soap.sforce.com/2006/04/metadata"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"

_TYPE = "StandardValueSet"
_LISTS = ("standardValue",)
_ORDER = (
    "fullName", "color", "default", "description", "isActive", "label",
    "allowEmail", "closed", "converted", "cssExposed", "forecastCategory", "groupingString", "highPriority",
    "probability", "reverseRole", "reviewed", "won", "groupingStringEnum", "sorted", "standardValue",
)  # fmt: skip
"""The order of elements in the service's description (WSDL). Elements that this plugin does not know come last."""


def read_set(org: Org, name: str) -> Raw | None:
    """Read a standard value set with its texts as in the XML, or return None if the user cannot see it.

    Raises `CallFailed`.
    """

    def fill_body(body: ElementTree.Element) -> None:
        call = ElementTree.SubElement(body, f"{{{_METADATA}}}readMetadata")
        _text(call, "type", _TYPE)
        _text(call, "fullNames", name)

    response = _call(org, "readMetadata", fill_body)
    if name_of(response) != "readMetadataResponse":
        raise unreadable(f"Salesforce returned a {name_of(response)} for the metadata of {name}", Executed.NO)
    record = next(_find_elements(response, "records"), None)
    if record is None or not len(record):
        return None
    found = _tree(record)
    if found.get("fullName") != name:
        raise unreadable(f"the metadata of {name} are those of {found.get('fullName')!r}", Executed.NO)
    return {**found, **{each: _as_list(found.get(each)) for each in _LISTS}}


def write_set(org: Org, name: str, tree: Raw) -> None:
    """Replace a standard value set. Raises `CallFailed`, also if Salesforce refuses the content."""

    def fill_body(body: ElementTree.Element) -> None:
        call = ElementTree.SubElement(body, f"{{{_METADATA}}}updateMetadata")
        metadata = ElementTree.SubElement(call, f"{{{_METADATA}}}metadata", {f"{{{_XSI}}}type": f"met:{_TYPE}"})
        _fill(metadata, {"fullName": name, **tree})

    answer = _call(org, "updateMetadata", fill_body)
    errors = [(_first(each, "statusCode"), _first(each, "message")) for each in _find_elements(answer, "errors")]
    if errors:
        (code, message), *_ = errors
        raise CallFailed(normalize_code(code, message), "; ".join(words for _, words in errors), Executed.NO)
    if "true" not in [each.text for each in _find_elements(answer, "success")]:
        raise unreadable("it does not say whether the set was written", Executed.MAYBE)


def _call(org: Org, action: str, fill: Callable[[ElementTree.Element], None]) -> ElementTree.Element:
    for prefix, namespace in (("met", _METADATA), ("xsi", _XSI)):
        ElementTree.register_namespace(prefix, namespace)
    return org.client.soap(
        f"/m/{org.client.version}",
        action,
        lambda token: make_envelope(_METADATA, token, lambda _, body: fill(body)),
    )


def _text(parent: ElementTree.Element, name: str, value: str) -> None:
    add_element(parent, _METADATA, name, value)


def _find_elements(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (each for each in element.iter() if name_of(each) == name)


def _first(element: ElementTree.Element, name: str) -> str:
    return next((each.text or "" for each in _find_elements(element, name)), "")


def _tree(element: ElementTree.Element) -> dict[str, Any]:
    """Return the children of an element by name. Each is a text, a tree, or a list of texts or trees."""
    found: dict[str, Any] = {}
    for each in element:
        value = _tree(each) if len(each) else each.text or ""
        name = name_of(each)
        if name in found:
            former = found[name]
            found[name] = [*(former if isinstance(former, list) else [former]), value]
        else:
            found[name] = value
    return found


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def _fill(parent: ElementTree.Element, tree: Mapping[str, Any]) -> None:
    """Write a tree below an element. Values that are None are left out."""
    for name, value in sorted(tree.items(), key=_place):
        for each in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
            if isinstance(each, Mapping):
                _fill(ElementTree.SubElement(parent, f"{{{_METADATA}}}{name}"), each)
            elif each is not None:
                _text(parent, name, str(each).lower() if isinstance(each, bool) else str(each))


def _place(item: tuple[str, Any]) -> int:
    return _ORDER.index(item[0]) if item[0] in _ORDER else len(_ORDER)
