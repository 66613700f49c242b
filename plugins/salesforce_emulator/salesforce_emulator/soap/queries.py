"""query, queryAll and queryMore."""

from __future__ import annotations

from xml.etree import ElementTree

from salesforce_emulator.soap.endpoint import SoapCall
from salesforce_emulator.soap.faults import SoapFault
from salesforce_emulator.soap.sobjects import put_result
from salesforce_emulator.soql.running import Found
from salesforce_emulator.soql.tokens import SoqlError
from salesforce_emulator.xml_bodies import texts


def query(call: SoapCall, response: ElementTree.Element) -> None:
    """Write the first page of a query. queryAll also finds deleted records."""
    statement = texts(call.message.operation).get("queryString", "")
    with_deleted = call.message.name == "queryAll"
    try:
        found = call.world.query(statement, call.call.version, with_deleted, call.call.session.user_id)
    except SoqlError as error:
        raise SoapFault(error.code, error.message) from error
    _put_page(call, response, found, None, 0)


def query_more(call: SoapCall, response: ElementTree.Element) -> None:
    """Write a further page."""
    kept = call.world.cursors.find(texts(call.message.operation).get("queryLocator", ""))
    if kept is None:
        raise SoapFault("INVALID_QUERY_LOCATOR", "invalid query locator")
    cursor, found, start = kept
    _put_page(call, response, found, cursor, start)


def _put_page(call: SoapCall, response: ElementTree.Element, found: Found, cursor: str | None, start: int) -> None:
    end = start + _page_size(call)
    done = end >= len(found.rows)
    locator = None if done else f"{cursor or call.world.cursors.keep(found)}-{end}"
    with call.world.engine.lock:
        records = found.page(start, end - start)
    put_result(response, "result", records, found.total, locator)


def _page_size(call: SoapCall) -> int:
    asked = call.message.headers.get("QueryOptions", {}).get("batchSize", "")
    size = int(asked) if asked.isdigit() else call.world.org.page_size
    return min(max(size, 200), call.world.org.page_size) if asked else size
