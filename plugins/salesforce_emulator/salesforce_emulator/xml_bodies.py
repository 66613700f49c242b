"""Read and write XML bodies. A document type declaration is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn
from xml.etree import ElementTree

DATALOAD = "http://www.force.com/2009/06/asyncapi/dataload"


class XmlRefused(ValueError):
    """A body that is no XML, or that has a document type declaration."""


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, name: str, pubid: str, system: str) -> NoReturn:
        # Only a document type can declare entities. Refusing it prevents their expansion.
        raise XmlRefused("a document type declaration is not allowed")


def read_xml(body: bytes) -> ElementTree.Element:
    """Return the root element. Raises XmlRefused."""
    try:
        return ElementTree.fromstring(body, ElementTree.XMLParser(target=_Builder()))
    except ElementTree.ParseError as error:
        raise XmlRefused(str(error)) from error


def local(element: ElementTree.Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def texts(element: ElementTree.Element) -> dict[str, str]:
    """Return the texts of the child elements by local name."""
    return {local(child): (child.text or "").strip() for child in element}


def flat(name: str, facts: Mapping[str, object]) -> ElementTree.Element:
    """Return an element of the Bulk API namespace with one child per fact."""
    root = ElementTree.Element(name, {"xmlns": DATALOAD})
    for key, value in facts.items():
        ElementTree.SubElement(root, key).text = str(value)
    return root


def document(root: ElementTree.Element) -> bytes:
    """Return an XML document, indented by one space as Salesforce does."""
    ElementTree.indent(root, space=" ")
    return b'<?xml version="1.0" encoding="UTF-8"?>' + ElementTree.tostring(root, encoding="unicode").encode()
