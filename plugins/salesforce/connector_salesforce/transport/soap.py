"""Build SOAP envelopes. SOAP API Developer Guide, "SOAP Headers": the session travels in a header of the call."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

from connector_salesforce.transport.xml import serialize

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

Fill = Callable[[ElementTree.Element, ElementTree.Element], None]
"""A function that fills the header and the body of an envelope."""


def make_envelope(namespace: str, session: str, fill: Fill) -> bytes:
    """Return the envelope of a call. The header of the session is in the `namespace` of the API."""
    ElementTree.register_namespace("soapenv", _SOAP)
    root = ElementTree.Element(f"{{{_SOAP}}}Envelope")
    header = ElementTree.SubElement(root, f"{{{_SOAP}}}Header")
    add_element(add_element(header, namespace, "SessionHeader"), namespace, "sessionId", session)
    fill(header, ElementTree.SubElement(root, f"{{{_SOAP}}}Body"))
    return serialize(root)


def add_element(parent: ElementTree.Element, namespace: str, name: str, text: str | None = None) -> ElementTree.Element:
    """Add an element below `parent`, and return it."""
    element = ElementTree.SubElement(parent, f"{{{namespace}}}{name}")
    element.text = text
    return element
