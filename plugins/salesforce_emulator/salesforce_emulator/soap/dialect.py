"""The differences between the SOAP APIs: the namespace of messages, and the layout of answers and faults."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

_INSTANCE = {"xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance"}


@frozen
class Dialect:
    """One SOAP API.

    `answers` and `faults` are the namespaces that their envelopes declare. `verbose`: answers report the org's API
    usage, and faults have a detail.
    """

    namespace: str
    answers: Mapping[str, str]
    faults: Mapping[str, str]
    verbose: bool


PARTNER = Dialect(
    "urn:partner.soap.sforce.com",
    {"xmlns": "urn:partner.soap.sforce.com", "xmlns:sf": "urn:sobject.partner.soap.sforce.com", **_INSTANCE},
    {"xmlns:sf": "urn:fault.partner.soap.sforce.com", **_INSTANCE},
    verbose=True,
)
_METADATA = "http://soap.sforce.com/2006/04/metadata"
METADATA = Dialect(_METADATA, {"xmlns": _METADATA, **_INSTANCE}, {"xmlns:sf": _METADATA}, verbose=False)


def dialect_of(path: str) -> Dialect:
    """Return the SOAP API that a path belongs to."""
    return METADATA if path.startswith("/services/Soap/m/") else PARTNER
