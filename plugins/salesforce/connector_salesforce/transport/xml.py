"""Build XML for the Bulk and SOAP APIs, and read it without document types and namespaces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
"""The namespace of jobs and batches (Bulk API Developer Guide, "Quick Start")."""


_UNSAYABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document can have ("Extensible Markup Language", "Characters")."""


class MarkupError(ValueError):
    """An answer that is not the expected XML, or a text that XML cannot contain."""


_DEEPEST = 100
"""The most elements within one another. No answer of Salesforce comes near it."""


class _Plain(ElementTree.TreeBuilder):
    """A builder that takes only elements and texts.

    A document type can name files, and entities that multiply. Elements that are nested by the thousand break code that
    walks through them. No answer of Salesforce has either.
    """

    _depth = 0

    def doctype(self, name: str, _public: str | None, _system: str | None) -> None:
        raise MarkupError(f"the answer declares a document type {name}")

    def start(self, tag: Any, attrs: Any) -> ElementTree.Element:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise MarkupError(f"the answer has more than {_DEEPEST} elements within one another")
        return super().start(tag, attrs)

    def end(self, tag: Any) -> ElementTree.Element:
        self._depth -= 1
        return super().end(tag)


def document(root: str, values: Mapping[str, str]) -> bytes:
    """Return an element as a document, with the values as child elements in their order. Raises `MarkupError`."""
    element = ElementTree.Element(root, xmlns=NAMESPACE)
    for name, value in values.items():
        ElementTree.SubElement(element, name).text = value
    return serialize(element)


def serialize(root: ElementTree.Element) -> bytes:
    """Return an element as a document from which the same texts are read again, with carriage returns.

    Raises `MarkupError` for a character that XML cannot contain.
    """
    found = next((each for text in root.itertext() for each in _UNSAYABLE.findall(text)), None)
    if found is not None:
        raise MarkupError(f"XML cannot contain the character U+{ord(found):04X}")
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{text}".replace("\r", "&#13;").encode()


def parse(body: bytes) -> ElementTree.Element:
    """Return the root element of a document. Raises `MarkupError` for anything that is not plain XML."""
    parser = ElementTree.XMLParser(target=_Plain())
    try:
        return ElementTree.fromstring(body, parser)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise MarkupError(str(error)) from None


def name_of(element: ElementTree.Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def values_of(element: ElementTree.Element) -> dict[str, str]:
    """Return the texts of the child elements of an element, by their names."""
    return {name_of(each): (each.text or "").strip() for each in element}


def response_in(envelope: ElementTree.Element) -> ElementTree.Element:
    """Return the response in a SOAP envelope. Raises `MarkupError` if it is not an envelope with a response."""
    bodies = [each for each in envelope if name_of(each) == "Body"] if name_of(envelope) == "Envelope" else []
    responses = [each for body in bodies for each in body]
    if len(responses) != 1 or not name_of(responses[0]).endswith("Response"):
        raise MarkupError(f"the {name_of(envelope)} holds no response")
    return responses[0]
