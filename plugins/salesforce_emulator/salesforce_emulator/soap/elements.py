"""Build the elements of answers. Element names carry the prefixes that the envelope declares."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def envelope(namespaces: Mapping[str, str]) -> tuple[ElementTree.Element, ElementTree.Element]:
    """Return a new envelope and its body."""
    root = ElementTree.Element("soapenv:Envelope", {"xmlns:soapenv": _SOAP, **namespaces})
    return root, ElementTree.SubElement(root, "soapenv:Body")


def put(parent: ElementTree.Element, name: str, value: object) -> ElementTree.Element:
    """Add a child element with a value in XML Schema format. None becomes nil. Return the element."""
    element = ElementTree.SubElement(parent, name)
    if value is None:
        element.set("xsi:nil", "true")
    else:
        element.text = as_text(value)
    return element


def as_text(value: object) -> str:
    """Return a value in XML Schema format, such as `true` or `12.5`."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
