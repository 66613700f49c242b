"""A SOAP client that knows nothing but Salesforce's own WSDL; skipped where it is not beside the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client

zeep = pytest.importorskip("zeep")
etree = pytest.importorskip("lxml.etree")


def test_a_client_that_reads_the_real_wsdl_understands_every_answer(
    recordings: Path, client: Client, emulator: Emulator
) -> None:
    wsdl = recordings / "forceworkbench+forceworkbench/workbench/soapclient/sforce.660.partner.wsdl"
    parsed = zeep.Client(str(wsdl))
    url = f"{emulator.instance_url}/services/Soap/u/58.0"
    service = parsed.create_service("{urn:partner.soap.sforce.com}SoapBinding", url)
    sobjects = parsed.type_factory("urn:sobject.partner.soap.sforce.com")
    session = {"SessionHeader": {"sessionId": client.token}}
    made = service.create(
        sObjects=[_sobject(sobjects, "Account", Name=name) for name in "ma"], _soapheaders=session
    ).body.result
    assert [one.success for one in made] == [True, True]
    request = {"masterRecord": _sobject(sobjects, "Account", Id=made[0].id), "recordToMergeIds": [made[1].id]}
    [result] = service.merge(request=[request], _soapheaders=session).body.result
    assert (result.id, result.mergedRecordIds, result.success) == (made[0].id, [made[1].id], True)
    [lead] = emulator.insert("Lead", {"LastName": "L", "Company": "C"})
    conversion = {"leadId": lead, "convertedStatus": "Closed - Converted", "doNotCreateOpportunity": True}
    conversion |= {"overwriteLeadSource": False, "sendNotificationEmail": False}
    [converted] = service.convertLead(leadConverts=[conversion], _soapheaders=session).body.result
    assert (converted.leadId, converted.success, converted.opportunityId) == (lead, True, None)
    found = service.query(queryString="SELECT Id, Name FROM Account", _soapheaders=session).body.result
    assert (found.size, found.done) == (2, True)
    with pytest.raises(zeep.exceptions.Fault, match="INVALID_SESSION_ID"):
        service.getUserInfo(_soapheaders={"SessionHeader": {"sessionId": "gone"}})


def _sobject(factory: Any, type_: str, **fields: str) -> Any:
    elements = []
    for name, value in fields.items():
        element = etree.Element(f"{{urn:sobject.partner.soap.sforce.com}}{name}")
        element.text = value
        elements.append(element)
    record_id = fields.pop("Id", None)
    return factory.sObject(type=type_, Id=record_id, _value_1=[e for e in elements if not e.tag.endswith("}Id")])


def test_the_wsdl_of_the_metadata_api_fits_what_is_read_and_written(
    recordings: Path, client: Client, emulator: Emulator
) -> None:
    wsdl = recordings / "forceworkbench+forceworkbench/workbench/soapclient/sforce.660.metadata.wsdl"
    parsed = zeep.Client(str(wsdl))
    url = f"{emulator.instance_url}/services/Soap/m/58.0"
    service = parsed.create_service("{http://soap.sforce.com/2006/04/metadata}MetadataBinding", url)
    session = {"SessionHeader": {"sessionId": client.token}}
    for kind, name in (("CustomField", "Account.Market__c"), ("StandardValueSet", "OpportunityStage")):
        [component] = service.readMetadata(type=kind, fullNames=[name], _soapheaders=session)
        [result] = service.updateMetadata(metadata=[component], _soapheaders=session)
        assert (result.fullName, result.success, result.errors) == (name, True, [])
    assert component.standardValue[8].probability == 100
    component.standardValue[8].fullName = "Prospecting"
    [result] = service.updateMetadata(metadata=[component], _soapheaders=session)
    assert result.errors[0].statusCode == "DUPLICATE_VALUE"
