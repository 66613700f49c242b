"""XML of the Bulk and SOAP APIs: built by a library, parsed without document types, read without namespaces."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
"""The namespace of jobs and batches (Bulk API Developer Guide, "Quick Start")."""


class MarkupError(ValueError):
    """An answer is not the XML that it should be."""


class _WithoutDoctype(ElementTree.TreeBuilder):
    """A document type can name files and entities that multiply; no answer of Salesforce has one."""

    def doctype(self, name: str, _public: str | None, _system: str | None) -> None:
        raise MarkupError(f"the answer declares a document type {name}")


def document(root: str, values: Mapping[str, str]) -> bytes:
    """An element that holds the values as elements of their own, in their order."""
    element = ElementTree.Element(root, xmlns=NAMESPACE)
    for name, value in values.items():
        ElementTree.SubElement(element, name).text = value
    written: bytes = ElementTree.tostring(element, encoding="UTF-8", xml_declaration=True)
    return written


def parse(body: bytes) -> ElementTree.Element:
    """The root element. Raises `MarkupError` for anything that is not plain XML."""
    parser = ElementTree.XMLParser(target=_WithoutDoctype())
    try:
        return ElementTree.fromstring(body, parser)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise MarkupError(str(error)) from None


def name_of(element: ElementTree.Element) -> str:
    """The name of an element, without its namespace."""
    return element.tag.rpartition("}")[2]


def values_of(element: ElementTree.Element) -> dict[str, str]:
    """The texts of the elements within an element, by their names."""
    return {name_of(each): (each.text or "").strip() for each in element}
