"""Faults, which refuse a call as a whole. SOAP API Developer Guide, "API Fault Element"."""

from __future__ import annotations

from xml.etree import ElementTree

from salesforce_emulator.portable import Portable
from salesforce_emulator.soap.dialect import Dialect
from salesforce_emulator.soap.elements import envelope, put

# The type of a fault's detail by code. Other codes have the general type.
_TYPES = {
    "INVALID_LOGIN": "LoginFault",
    "INVALID_FIELD": "InvalidFieldFault",
    "INVALID_TYPE": "InvalidSObjectFault",
    "INVALID_TYPE_FOR_OPERATION": "InvalidSObjectFault",
    "MALFORMED_QUERY": "MalformedQueryFault",
    "INVALID_QUERY_LOCATOR": "InvalidQueryLocatorFault",
    "INVALID_ID_FIELD": "InvalidIdFault",
}
_WITH_A_PLACE = frozenset({"InvalidFieldFault", "InvalidSObjectFault", "MalformedQueryFault"})


class SoapFault(Portable, Exception):
    """A call that gets a fault as its answer. If `code` is None, the message was malformed."""

    def __init__(self, code: str | None, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def document(self, dialect: Dialect) -> ElementTree.Element:
        """Return the complete answer."""
        root, body = envelope(dialect.faults)
        fault = ElementTree.SubElement(body, "soapenv:Fault")
        put(fault, "faultcode", "soapenv:Client" if self.code is None else f"sf:{self.code}")
        put(fault, "faultstring", self.message if self.code is None else f"{self.code}: {self.message}")
        if self.code is not None and dialect.verbose:
            self._detail(ElementTree.SubElement(fault, "detail"), self.code)
        return root

    def _detail(self, detail: ElementTree.Element, code: str) -> None:
        type_ = _TYPES.get(code, "UnexpectedErrorFault")
        element = ElementTree.SubElement(detail, f"sf:{type_}", {"xsi:type": f"sf:{type_}"})
        put(element, "sf:exceptionCode", code)
        put(element, "sf:exceptionMessage", self.message)
        if type_ in _WITH_A_PLACE:
            put(element, "sf:row", -1)
            put(element, "sf:column", -1)
