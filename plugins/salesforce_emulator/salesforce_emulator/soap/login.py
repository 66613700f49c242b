"""login, logout and getUserInfo. SOAP API Developer Guide, "login()". v65.0 removed login()."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from salesforce_emulator.oauth.admission import can_log_in, find_user_by_password
from salesforce_emulator.soap.elements import put
from salesforce_emulator.soap.endpoint import SoapCall
from salesforce_emulator.soap.faults import SoapFault
from salesforce_emulator.soap.message import Message
from salesforce_emulator.world import World
from salesforce_emulator.xml_bodies import texts

_GONE = 65.0
_BAD = "Invalid username, password, security token; or user locked out."
_ELSEWHERE = "IP address is not in the ranges of the user's profile"


def log_in(world: World, version: str, message: Message, response: ElementTree.Element) -> None:
    """Open a session for a Username and a password. A security token may follow the password."""
    if float(version) >= _GONE:
        raise SoapFault(None, f"No operation available for request {message.operation.tag}")
    typed = texts(message.operation)
    user_id = find_user_by_password(world, typed.get("username", ""), typed.get("password", ""), token=True)
    if user_id is None or not can_log_in(world, user_id):
        raise SoapFault("INVALID_LOGIN", _BAD)
    state = world.login_state(user_id)
    if state.outside_ip_range:
        raise SoapFault("LOGIN_DURING_RESTRICTED_DOMAIN", _ELSEWHERE)
    result = ElementTree.SubElement(response, "result")
    path = f"{world.hosts.instance}/services/Soap/{{}}/{version}/{world.org.id[:15]}"
    put(result, "metadataServerUrl", path.format("m"))
    put(result, "passwordExpired", state.password_expired)
    put(result, "sandbox", world.org.sandbox)
    put(result, "serverUrl", path.format("u"))
    put(result, "sessionId", world.sessions.open(user_id).token)
    put(result, "userId", user_id)
    _put_user(world, user_id, ElementTree.SubElement(result, "userInfo"))


def log_out(call: SoapCall, response: ElementTree.Element) -> None:
    """End the session of the call."""
    call.world.sessions.close(call.call.session.token)


def user_info(call: SoapCall, response: ElementTree.Element) -> None:
    """Write the user of the session."""
    _put_user(call.world, call.call.session.user_id, ElementTree.SubElement(response, "result"))


def _put_user(world: World, user_id: str, element: ElementTree.Element) -> None:
    user = next(record for record in world.records("User") if record["Id"] == user_id)
    facts: dict[str, Any] = {
        "accessibilityMode": False,
        "currencySymbol": "$",
        "orgAttachmentFileSizeLimit": 5_242_880,
        "orgDefaultCurrencyIsoCode": "USD",
        "orgDisallowHtmlAttachments": False,
        "orgHasPersonAccounts": world.org.person_accounts,
        "organizationId": world.org.id,
        "organizationMultiCurrency": False,
        "organizationName": world.org.name,
        "profileId": None,
        "roleId": None,
        "sessionSecondsValid": int(world.org.session_seconds),
        "userDefaultCurrencyIsoCode": None,
        "userEmail": user["Email"],
        "userFullName": user["Name"],
        "userId": user_id,
        "userLanguage": "en_US",
        "userLocale": "en_US",
        "userName": user["Username"],
        "userTimeZone": "GMT",
        "userType": "Standard",
        "userUiSkin": "Theme3",
    }
    for name, value in facts.items():
        put(element, name, value)
