"""Read a message: its headers and the operation in its body."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

from attrs import frozen

from salesforce_emulator.soap.dialect import Dialect
from salesforce_emulator.soap.faults import SoapFault
from salesforce_emulator.xml_bodies import XmlRefused, local, read_xml, texts

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


@frozen
class Message:
    """A SOAP message. `headers` maps header names to their elements. `operation` is the element in the body."""

    headers: Mapping[str, Mapping[str, str]]
    operation: ElementTree.Element

    @property
    def name(self) -> str:
        """The name of the operation, such as `merge`."""
        return local(self.operation)

    @property
    def session_id(self) -> str | None:
        """The access token that the message carries."""
        return self.headers.get("SessionHeader", {}).get("sessionId")

    def says(self, header: str, key: str) -> bool:
        """Return whether an element of a header is true."""
        return self.headers.get(header, {}).get(key) in ("true", "1")


def read_message(body: bytes, dialect: Dialect) -> Message:
    """Return the message of a body. Raises SoapFault."""
    try:
        root = read_xml(body)
    except XmlRefused as error:
        raise SoapFault(None, f"The message is no XML that is accepted: {error}") from error
    content = root.find(f"{SOAP}Body")
    if root.tag != f"{SOAP}Envelope" or content is None or len(content) != 1:
        raise SoapFault(None, "The message is no SOAP 1.1 envelope with one operation")
    if not content[0].tag.startswith(f"{{{dialect.namespace}}}"):
        raise SoapFault(None, f"No operation available for request {content[0].tag}")
    header = root.find(f"{SOAP}Header")
    headers = {local(one): texts(one) for one in header} if header is not None else {}
    return Message(headers, content[0])
