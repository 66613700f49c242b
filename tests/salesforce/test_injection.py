"""No value becomes anything but a value: every body is read back, by a parser that is not ours, as what was planned."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pytest
from attrs import evolve
from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org import soql
from connector_salesforce.transport.client import segment
from connector_salesforce.transport.sending import Request
from connector_salesforce.transport.xml import MarkupError, document
from connector_salesforce.write import merge
from connector_salesforce.write.cells import Lines, Target
from connector_salesforce.write.csv_rows import csv_lines
from connector_salesforce.write.json_rows import json_lines
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from urllib3.util import parse_url

from connector_sdk import Action, Batch, Column, Mode, OnNull
from connector_sdk.testing.doubles import RecordingRun

from .scripted import ScriptedTransport, answer, batch, org
from .test_soql import parse_literal

HOSTILE = st.sampled_from(
    ["'", '"', "\\", ",", "\n", "\r\n", "\r", "\t", "\0", "\x1b", "\x85", "\u2028", "\ufeff", "\u202e", "'); --",
     "x' OR Name LIKE '%", '"\n"fake","row', "#N/A", "=1+1", "</value>", "<![CDATA[", "]]>", "&lt;", "&#0;", "<!--",
     "?>", "{", "}", '","', "\\u0000", "../", "%2e%2e%2f", "%00", "?a=b", "#c", "\U0001f600", "e\u0301", "\ufffe",
     "\x0b"]
)  # fmt: skip
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TEXT = st.lists(HOSTILE | ANY, max_size=4).map("".join)
DECIMALS = st.decimals(-(10**10), 10**10, places=4, allow_nan=False, allow_infinity=False)
ROWS = st.lists(
    st.tuples(st.none() | TEXT, st.none() | DECIMALS, st.none() | st.booleans(), st.none() | st.dates()), max_size=6
)
COLUMNS = ("T", "N", "B", "D")
PLANNED = st.tuples(
    ROWS, TEXT, st.tuples(*[st.sampled_from(OnNull)] * len(COLUMNS)), st.sampled_from(["upsert", "create"])
)


def plan_batch(given: Any) -> tuple[Batch, Sequence[tuple[Any, ...]]]:
    """Return a batch, and its rows with a key before them."""
    rows, mark, on_null, action = given
    keyed = [(f"{number}{mark}".replace("\0", "") or "k", *row) for number, row in enumerate(rows)]
    types = (pa.string(), pa.string(), pa.decimal128(18, 4), pa.bool_(), pa.date32())
    arrays = [pa.array([row[place] for row in keyed], type_) for place, type_ in enumerate(types)]
    columns = [Column("External_Id__c"), *map(Column, COLUMNS, on_null)]
    table = dict(zip(["External_Id__c", *COLUMNS], arrays, strict=True))
    return batch(table, Action(action), columns=columns), keyed


def pick_sent_rows(
    lines: Lines, rows: Sequence[tuple[Any, ...]], refusable: Callable[[str], bool]
) -> list[tuple[Any, ...]]:
    """Return the rows that are in a body; check that only rows with an unsayable text are refused."""
    flags = lines.sent.to_pylist()
    for row, is_sent in zip(rows, flags, strict=True):
        texts = [cell for cell in row if isinstance(cell, str)]
        assert is_sent != any(map(refusable, texts))
    return [row for row, is_sent in zip(rows, flags, strict=True) if is_sent]


def as_csv(given: Any) -> None:
    plan, rows = plan_batch(given)
    lines = csv_lines(plan, lambda column: Target(column.field))
    header, *read = csv.reader(io.StringIO(lines.body.decode("utf-8"), newline=""), strict=True)
    assert header == [each.field for each in plan.columns]
    sayable = pick_sent_rows(lines, rows, lambda text: "\0" in text or text.strip() == "#N/A")
    assert read == [
        [cell(value, column, plan) for value, column in zip(row, plan.columns, strict=True)] for row in sayable
    ]


def cell(value: Any, column: Column, plan: Batch) -> str:
    """Return a value as it is written in CSV ("Prepare CSV Files")."""
    if value is None or value == "":
        return "" if plan.action is Action.CREATE or column.on_null is OnNull.KEEP else "#N/A"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return value.isoformat() if isinstance(value, date) else value


def as_json(given: Any) -> None:
    plan, rows = plan_batch(given)
    lines = json_lines(plan, lambda column: Target(column.field))
    body = json.loads(lines.body.decode("utf-8"), parse_float=Decimal, parse_int=Decimal, object_pairs_hook=list)
    assert [name for name, _ in body] == ["allOrNone", "records"]
    expected = [
        [("attributes", [("type", "Contact")]), *pairs(row, plan)]
        for row in pick_sent_rows(lines, rows, lambda text: "\0" in text)
    ]
    assert body[1][1] == expected


def pairs(row: tuple[Any, ...], plan: Batch) -> list[tuple[str, Any]]:
    """Return the keys and values of a record ("sObject Collections")."""
    found = []
    for value, column in zip(row, plan.columns, strict=True):
        if value is not None and value != "":
            found.append((column.field, value.isoformat() if isinstance(value, date) else value))
        elif plan.action is not Action.CREATE and column.on_null is OnNull.CLEAR:
            found.append((column.field, None))
    return found


def as_xml(texts: tuple[str, str]) -> None:
    values = dict(zip(("object", "externalIdFieldName"), texts, strict=True))
    try:
        body = document("jobInfo", values)
    except MarkupError:
        assert any(unsayable(each) for each in texts)
        return
    assert {etree.QName(each).localname: each.text or "" for each in etree.fromstring(body)} == values


def unsayable(text: str) -> bool:
    """Return whether XML has no way to say a text, as lxml sees it."""
    try:
        etree.Element("a").text = text
    except ValueError:
        return True
    return "\ufffe" in text or "\uffff" in text


def as_merge(given: tuple[list[tuple[str, str]], str]) -> None:
    """Check the SOAP messages of a batch of merges, given each record and the one that it goes into."""
    plan, object_name = given
    transport = ScriptedTransport()
    results = "<result><success>true</success></result>"
    count = len(list(group_neighbours(plan)))
    transport.on("POST", ".*/Soap/.*", answer(f"<Envelope><Body>{results * count}</Body></Envelope>"))
    ids, into = ([each[place] for each in plan] for place in (0, 1))
    made = evolve(
        batch({}, Action.DELETE, ids=ids, object_name=object_name),
        action=Action.MERGE, mode=Mode.UPSERT, merge_into=pa.array(into, pa.string()),
    )  # fmt: skip
    attempt = RecordingRun().attempt(made)
    if count and any(
        unsayable(text) for texts, master in group_neighbours(plan) for text in (*texts, master, object_name)
    ):
        with pytest.raises(CallFailed, match="UNSAYABLE_IN_XML"):
            merge.write(org(transport), made, Options(), attempt)
        assert transport.requests == []
        return
    with contextlib.suppress(CallFailed):  # what is answered to keys that are none is not one of Salesforce's
        merge.write(org(transport), made, Options(), attempt)
    if not count:
        return
    root = etree.fromstring(transport.requests[0].body)
    found = []
    for request in root.iter("{urn:partner.soap.sforce.com}request"):
        master, *children = request
        assert (master[0].text or "") == object_name
        found.append(([each.text or "" for each in children], master[1].text or ""))
    assert found == list(group_neighbours(plan))
    assert root.xpath("string(//*[local-name()='sessionId'])") == "00Dxx0000001gPL!token"


def group_neighbours(plan: Sequence[tuple[str, str]]) -> Any:
    """Yield neighbours that go into the same record, two at a time, as the merge call takes them."""
    waiting: list[str] = []
    master = ""
    for record, into in plan:
        if waiting and (len(waiting) == 2 or into != master):
            yield waiting, master
            waiting = []
        if record != into:
            waiting, master = [*waiting, record], into
    if waiting:
        yield waiting, master


def as_soql(text: str) -> None:
    query = soql.select(["Id"], "Account", soql.is_in("Name", [text, text]))
    start, end = "SELECT Id FROM Account WHERE Name IN (", ")"
    assert query.startswith(start)
    assert query.endswith(end)
    literal = soql.literal(text)
    assert query.removeprefix(start).removesuffix(end) == f"{literal},{literal}"
    assert parse_literal(literal) == text
    assert literal.isprintable() or not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in literal)


def as_path(text: str) -> None:
    path = f"/services/data/v58.0/sobjects/{segment(text)}/describe"
    found = parse_url(f"https://acme.my.salesforce.com{path}")
    assert (found.host, found.query, found.fragment, found.path) == ("acme.my.salesforce.com", None, None, path)
    parts = path.split("/")
    assert len(parts) == 7
    assert unquote(parts[5]) == text


def as_header(text: str) -> None:
    try:
        request = Request("GET", "https://acme.my.salesforce.com", {"Sforce-Call-Options": text})
    except ValueError:
        assert set(text) & set("\r\n\0")
        return
    assert request.headers["Sforce-Call-Options"].splitlines() or not text
    assert not set(text) & set("\r\n\0")


NOT_EMPTY = TEXT.filter(bool)
IDS = st.sampled_from(["003A", "003B", "003C"]) | NOT_EMPTY
CASES: dict[str, tuple[Callable[[Any], None], st.SearchStrategy[Any]]] = {
    "csv": (as_csv, PLANNED),
    "json": (as_json, PLANNED),
    "xml": (as_xml, st.tuples(TEXT, TEXT)),
    "merge": (as_merge, st.tuples(st.lists(st.tuples(IDS, IDS), min_size=1, max_size=6), NOT_EMPTY)),
    "soql": (as_soql, TEXT),
    "path": (as_path, TEXT.filter(bool)),
    "header": (as_header, TEXT),
}


@pytest.mark.parametrize("form", CASES)
def test_what_was_planned_is_what_a_reader_finds(form: str) -> None:
    check, values = CASES[form]
    settings(deadline=None)(given(values)(check))()


@pytest.mark.long
@pytest.mark.parametrize("form", CASES)
def test_it_is_found_twenty_thousand_times(form: str) -> None:
    """Read back other examples in each run of the long suite, so that they add up."""
    check, values = CASES[form]
    settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))(given(values)(check))()
