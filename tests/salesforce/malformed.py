"""Answers that are none of Salesforce's: a table of what can become of a good one, by name.

Each entry makes of an answer another one: spoiled bytes, spoiled values, spoiled lines, or another status. What an
entry does to values it does in JSON, XML and CSV alike, wherever the answer has such values.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

from attrs import evolve, frozen


@frozen
class Said:
    """An answer as it goes over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Malform = Callable[[Said], Said]
Change = Callable[[Any], Any]
Lines = list[list[str]]

DEEP = 100_000
_FOREIGN = {ord("0") + number: 0xFF10 + number for number in range(10)}
_ID = re.compile(r"[a-zA-Z0-9]{15}([A-Z0-5]{3})?")
_TIME = f"Mon, 01 Jan {'9' * 30} 00:00:00 GMT"
_HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Sign in to the network</p></body></html>"
_ERROR = b'[{"errorCode":"UNKNOWN_EXCEPTION","message":"An unexpected error occurred"}]'
_XML_ERROR = (
    b'<error xmlns="http://www.force.com/2009/06/asyncapi/dataload"><exceptionCode>Unknown</exceptionCode>'
    b"<exceptionMessage>An unexpected error occurred</exceptionMessage></error>"
)
_SOAP_FAULT = (
    b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>x:UNKNOWN</faultcode>'
    b"<faultstring>An unexpected error occurred</faultstring></e:Fault></e:Body></e:Envelope>"
)
_DTD = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;">]><a>&d;</a>'


def body(value: bytes | Callable[[bytes], bytes], status: int | None = None, **headers: str) -> Malform:
    """Replace the body of an answer, and perhaps its status and headers."""

    def malform(said: Said) -> Said:
        made = value if isinstance(value, bytes) else value(said.body)
        own = {name.replace("_", "-"): text for name, text in headers.items()}
        kept = {name: text for name, text in said.headers.items() if name.lower() not in map(str.lower, own)}
        return Said(said.status if status is None else status, {**kept, **own}, made)

    return malform


def values(change: Change) -> Malform:
    """Change each value of an answer by itself; the values of XML and CSV are texts."""
    return _by_format(
        lambda said: _map_values(said, change), lambda root: _texts(root, change), lambda lines: _cells(lines, change)
    )


def rows(change: Callable[[list[Any]], list[Any]]) -> Malform:
    """Change the rows of an answer: the entries of its first list, its repeated elements, or its lines."""
    return _by_format(lambda said: _change_list(said, change), lambda root: _children(root, change), lambda lines: [
        *lines[:1], *change(lines[1:])
    ])  # fmt: skip


def ids(change: Callable[[str], Any]) -> Malform:
    """Change the ids of records, jobs and batches in an answer."""
    return values(lambda value: change(value) if isinstance(value, str) and _ID.fullmatch(value) else value)


def _by_format(of_json: Change, of_xml: Change, of_csv: Callable[[Lines], Lines]) -> Malform:
    def malform(said: Said) -> Said:
        text = said.body.lstrip()
        if text.startswith((b"{", b"[")):
            return evolve(said, body=json.dumps(of_json(json.loads(text))).encode())
        if text.startswith(b"<"):
            root = ElementTree.fromstring(text)
            of_xml(root)
            return evolve(said, body=ElementTree.tostring(root))
        lines = list(csv.reader(io.StringIO(text.decode(), newline="")))
        made = io.StringIO()
        csv.writer(made, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(of_csv(lines))
        return evolve(said, body=made.getvalue().encode())

    return malform


def _map_values(said: Any, change: Change) -> Any:
    if isinstance(said, dict):
        return {name: _map_values(each, change) for name, each in said.items()}
    if isinstance(said, list):
        return [_map_values(each, change) for each in said]
    return change(said)


def _as_text(value: Any) -> str:
    return "" if value is None else json.dumps(value) if not isinstance(value, str) else value


def _plain(text: str) -> Any:
    """Return what a text of XML or CSV means: a number, true or false, or the text itself."""
    return json.loads(text) if re.fullmatch(r"-?\d{1,9}|true|false", text) else text


def _texts(root: ElementTree.Element, change: Change) -> None:
    for each in root.iter():
        if not len(each):
            each.text = _as_text(change(_plain(each.text or ""))).translate(dict.fromkeys(range(32), "�"))


def _cells(lines: Lines, change: Change) -> Lines:
    return [*lines[:1], *([_as_text(change(_plain(cell))) for cell in line] for line in lines[1:])]


def _change_list(said: Any, change: Callable[[list[Any]], list[Any]]) -> Any:
    """Change the first list of an answer; an answer without a list becomes one."""
    if isinstance(said, list):
        return change(said)
    if isinstance(said, dict):
        name = next((name for name, each in said.items() if isinstance(each, list)), None)
        return change([said]) if name is None else {**said, name: change(said[name])}
    return change([said])


def _children(root: ElementTree.Element, change: Callable[[list[Any]], list[Any]]) -> None:
    """Change the children of the first element that repeats one of them, or else of the root."""
    crowded = [each for each in root.iter() if len(each) and len({child.tag for child in each}) < len(each)]
    parent = crowded[0] if crowded else root
    children = change(list(parent))
    for each in list(parent):
        parent.remove(each)
    parent.extend(children)


def _without(number: int) -> Malform:
    """Remove one member from each object, one child from each element, and one cell from each line."""

    def of_json(said: Any) -> Any:
        if isinstance(said, list):
            return [of_json(each) for each in said]
        if not isinstance(said, dict):
            return said
        gone = list(said)[number] if said else ""
        return {name: of_json(each) for name, each in said.items() if name != gone}

    def of_xml(root: ElementTree.Element) -> None:
        for each in list(root.iter()):
            if len(each):
                each.remove(each[number])

    return _by_format(of_json, of_xml, lambda lines: [_but(line, number) for line in lines])


def _but(line: list[str], number: int) -> list[str]:
    return [cell for place, cell in enumerate(line) if place != number % len(line)] if line else line


def _rename_keys(said: Any) -> Any:
    if isinstance(said, dict):
        return {f"x{name}": _rename_keys(each) for name, each in said.items()}
    return [_rename_keys(each) for each in said] if isinstance(said, list) else said


def _rename_tags(root: ElementTree.Element) -> None:
    for each in root.iter():
        each.tag = f"x{each.tag.rpartition('}')[2]}"


def _repeat_keys(text: bytes) -> bytes:
    """Repeat each key of JSON with a useless value; repeat an answer that is not JSON as a whole."""
    return (
        re.sub(rb'("\w+"): ?(true|false|null|-?\d+|"[^"]*")', rb"\1:\2,\1:[]", text) if text[:1] in b"{[" else text * 2
    )


def _deep(opened: bytes, closed: bytes) -> bytes:
    return opened * DEEP + b"1" + closed * DEEP


def _number(change: Callable[[int], Any]) -> Malform:
    return values(lambda value: change(value) if type(value) is int else value)


def _flag(change: Callable[[bool], Any]) -> Malform:
    return values(lambda value: change(value) if isinstance(value, bool) else value)


def _in_json(found: str, put: str) -> Callable[[bytes], bytes]:
    """Put something that is no number in place of numbers."""
    return lambda text: re.sub(found, put, text.decode()).encode()


MALFORMED: Mapping[str, Malform] = {
    "nothing": body(b""),
    "blanks": body(b" \r\n "),
    "a page of a proxy": body(_HTML, Content_Type="text/html"),
    "a word": body(b"OK"),
    "the first half": body(lambda text: text[: len(text) // 2]),
    "all but the last character": body(lambda text: text.rstrip()[:-1]),
    "all but the first character": body(lambda text: text.lstrip()[1:]),
    "itself twice": body(lambda text: text + text),
    "lists that hold one another": body(_deep(b"[", b"]")),
    "objects that hold one another": body(_deep(b'{"a":', b"}")),
    "rows that hold objects which hold one another": body(
        lambda text: re.sub(rb'"(?=,|\})', rb'","deep":' + b'{"a":' * 900 + b"1" + b"}" * 900, text, count=1)
    ),
    "elements that hold one another": body(_deep(b"<a>", b"</a>")),
    "null": body(b"null"),
    "a number": body(b"0"),
    "true": body(b"true"),
    "a text": body(b'"done"'),
    "an empty list": body(b"[]"),
    "an empty object": body(b"{}"),
    "itself in a list": body(lambda text: b"[" + text + b"]"),
    "itself in an object": body(lambda text: b'{"result":' + text + b"}"),
    "an error with a good status": body(_ERROR),
    "an error of a login with a good status": body(b'{"error":"invalid_grant","error_description":"expired"}'),
    "an error in XML with a good status": body(_XML_ERROR),
    "a fault with a good status": body(_SOAP_FAULT),
    "a document type": body(_DTD),
    "XML with other names": body(b'<?xml version="1.0"?><html><body>Sign in</body></html>'),
    "no header": body(lambda text: text.partition(b"\n")[2] or b"1,2\n3,4\n"),
    "other columns": body(b'"A","B"\n"1","2"\n'),
    "a quote that is not closed": body(lambda text: text.replace(b'"', b"", 1) + b'"'),
    "bytes that are no UTF-8": body(lambda text: text[: len(text) // 2] + b"\xff\xfe" + text[len(text) // 2 :]),
    "a byte order mark": body(lambda text: b"\xef\xbb\xbf" + text),
    "UTF-16": body(lambda text: text.decode().encode("utf-16")),
    "another charset": body(lambda text: text, Content_Type="application/json; charset=utf-7"),
    "another type": body(lambda text: text, Content_Type="image/png"),
    "rubbish that is called gzip": body(b"\x1f\x8b\x08rubbish", Content_Encoding="gzip"),
    "half of a gzip": body(lambda text: gzip.compress(text)[:-12], Content_Encoding="gzip"),
    "a packing that nobody knows": body(lambda text: text, Content_Encoding="middle-out"),
    "NUL characters": body(lambda text: text[:1] + b"\0" + text[1:]),
    "a missing first member": _without(0),
    "a missing last member": _without(-1),
    "other names": _by_format(
        _rename_keys, _rename_tags, lambda lines: [[f"x{cell}" for cell in line] for line in lines]
    ),
    "keys that come twice": body(_repeat_keys),
    "no rows": rows(lambda found: []),
    "a row too much": rows(lambda found: [*found, *found[-1:]]),
    "a row too few": rows(lambda found: found[1:]),
    "each row twice": rows(lambda found: [each for each in found for _ in range(2)]),
    "the rows in another order": rows(lambda found: found[::-1]),
    "rows that are null": rows(lambda found: [None for _ in found] if not _are_elements(found) else []),
    "lists for values": values(lambda value: [value]),
    "objects for values": values(lambda value: {"value": value}),
    "no values": values(lambda value: None),
    "texts for numbers": _number(str),
    "numbers for texts": values(lambda value: 7 if isinstance(value, str) else value),
    "texts for true and false": _flag(lambda value: str(value).lower() if value else "False"),
    "numbers for true and false": _flag(int),
    "words for true and false": _flag(lambda value: "yes"),
    "NaN": body(_in_json(r"(?<=[:\[, ])-?\d+(?=[,}\]])", "NaN")),
    "infinite numbers": body(_in_json(r"(?<=[:\[, >])-?\d+(?=[,}\]<])", "1e999")),
    "huge numbers": _number(lambda value: 10**30),
    "negative numbers": _number(lambda value: -1 - value),
    "broken numbers": _number(lambda value: value + 0.5),
    "control characters": values(lambda value: f"{value}\x07\n\x1b[2J" if isinstance(value, str) else value),
    "ids that are null": ids(lambda value: None),
    "ids that are empty": ids(lambda value: ""),
    "ids that are too short": ids(lambda value: value[:14]),
    "ids that are too long": ids(lambda value: f"{value}A"),
    "ids with wrong check characters": ids(lambda value: f"{value[:15]}{'AAB' if value.endswith('AAA') else 'AAA'}"),
    "ids of another object": ids(lambda value: "0Hn000000000001AAA"),
    "one id for all": ids(lambda value: "003000000000001AAA"),
    "ids with control characters": ids(lambda value: f"{value[:10]}\x00{value[11:]}"),
    "ids with foreign digits": ids(lambda value: value.translate(_FOREIGN)),
    "ids that lead elsewhere": ids(lambda value: "../../sobjects"),
    "a status that is not authoritative": body(lambda text: text, 203),
    "the status for no content": body(b"", 204),
    "a part of the content": body(lambda text: text[: len(text) // 3], 206),
    "several statuses": body(_ERROR, 207),
    "a choice": body(b'["/services/data/v58.0/sobjects/Contact/1"]', 300),
    "elsewhere": body(b"", 302, Location="https://login.example.invalid/"),
    "not modified": body(b"", 304),
    "a page that forbids": body(_HTML, 403),
    "a broken gateway": body(_HTML, 502),
    "times that are none": body(_HTML, 503, Retry_After=_TIME, Date=_TIME),
    "counts that are none": body(lambda text: text, Sforce_Limit_Info=f"api-usage={'9' * 5_000}/1"),
}  # fmt: skip
"""What an answer can become, by name."""


def _are_elements(found: list[Any]) -> bool:
    return any(isinstance(each, ElementTree.Element | list) for each in found)
