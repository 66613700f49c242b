"""convertLead: up to 100 leads in one call. SOAP API Developer Guide, "convertLead()"."""

from __future__ import annotations

from xml.etree import ElementTree

from salesforce_emulator.conversion import Conversion, Converted, convert
from salesforce_emulator.soap.elements import put
from salesforce_emulator.soap.endpoint import SoapCall
from salesforce_emulator.soap.rows import check_count, put_errors
from salesforce_emulator.xml_bodies import local, texts

_MOST = 100


def convert_leads(call: SoapCall, response: ElementTree.Element) -> None:
    """Convert the leads of a call, with one result per lead, in order."""
    wanted = [child for child in call.message.operation if local(child) == "leadConverts"]
    check_count(len(wanted), _MOST)
    for one in wanted:
        _put(response, convert(call.world, _read(texts(one))))


def _read(facts: dict[str, str]) -> Conversion:
    return Conversion(
        lead_id=facts.get("leadId", ""),
        status=facts.get("convertedStatus") or "",
        account_id=facts.get("accountId") or None,
        contact_id=facts.get("contactId") or None,
        owner_id=facts.get("ownerId") or None,
        opportunity=facts.get("doNotCreateOpportunity") != "true",
        opportunity_name=facts.get("opportunityName") or None,
        overwrite_source=facts.get("overwriteLeadSource") == "true",
    )


def _put(response: ElementTree.Element, converted: Converted) -> None:
    result = ElementTree.SubElement(response, "result")
    put(result, "accountId", converted.account_id)
    put(result, "contactId", converted.contact_id)
    put_errors(result, converted.faults)
    put(result, "leadId", converted.lead_id)
    put(result, "opportunityId", converted.opportunity_id)
    put(result, "success", not converted.faults)
