"""XML that declares a document type is refused wherever an answer is read: no file is opened, nothing multiplies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import connector_salesforce
import pyarrow as pa
import pytest
from attrs import evolve
from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.error_bodies import fault
from connector_salesforce.write import merge
from connector_salesforce.write.bulk_jobs import Jobs
from connector_salesforce.write.job_kind import JobKind

from connector_sdk import Action, Mode
from connector_sdk.testing.doubles import RecordingRun

from .scripted import ScriptedTransport, answer, batch, org

SECRET = "what stands in a file of this machine"
LAUGHS = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))


def bombs(file: Path) -> list[bytes]:
    """Return documents that name a file, or that are much larger than they look."""
    outer = f'"{file.as_uri()}"'
    texts = [
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a><id>&l9;</id></a>',
        f'<!DOCTYPE a [<!ENTITY q "{"q" * 50_000}">]><a><id>{"&q;" * 20_000}</id></a>',
        f"<!DOCTYPE a [<!ENTITY x SYSTEM {outer}>]><a><id>&x;</id></a>",
        f"<!DOCTYPE a [<!ENTITY % x SYSTEM {outer}> %x;]><a><id>1</id></a>",
        f"<!DOCTYPE a SYSTEM {outer}><a><id>1</id></a>",
        f"<!DOCTYPE a PUBLIC 'x' {outer}><a><id>1</id></a>",
        '<!DOCTYPE a [<!ATTLIST id b CDATA "planted">]><a><id>1</id></a>',
        "<!DOCTYPE a><a><id>1</id></a>",
    ]
    return [*(each.encode() for each in texts), *(each.encode("utf-16") for each in texts[2:])]


def open_job(transport: ScriptedTransport) -> Any:
    return Jobs(org(transport).client).lease(JobKind("run", "Contact", "insert"))


def list_batches(transport: ScriptedTransport) -> Any:
    return Jobs(org(transport).client).batches("750", 0.0)


def merge_records(transport: ScriptedTransport) -> Any:
    empty = batch({}, Action.DELETE, ids=["003A"])
    given = evolve(empty, action=Action.MERGE, mode=Mode.UPSERT, merge_into=pa.array(["003B"]))
    return merge.write(org(transport), given, Options(), RecordingRun().attempt(given))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "secret.txt"
    made.write_text(SECRET)
    return made


@pytest.mark.parametrize("ask", [open_job, list_batches, merge_records], ids=["opening", "listing", "merging"])
def test_an_answer_with_a_document_type_is_unreadable(file: Path, ask: Callable[[ScriptedTransport], Any]) -> None:
    for body in bombs(file):
        transport = ScriptedTransport()
        for method in ("GET", "POST"):
            transport.on(method, ".*", answer(body))
        with pytest.raises(CallFailed, match="ANSWER_UNREADABLE") as failed:
            ask(transport)
        assert SECRET not in str(failed.value)


def test_an_error_with_a_document_type_says_nothing(file: Path) -> None:
    for body in bombs(file):
        failure = fault(400, {}, body)
        assert failure.code == "ERROR_HTTP_400"
        assert SECRET not in str(failure)


def test_xml_is_parsed_in_one_place() -> None:
    folder = Path(connector_salesforce.__file__).parent
    parsing = {
        each.name
        for package in (folder, *folder.parents[1].glob("salesforce_[ep]*/connector_*"))
        for each in package.rglob("*.py")
        if any(
            word in each.read_text()
            for word in ("XMLParser", ".fromstring(", "minidom", "import sax", "lxml", "iterparse")
        )
    }
    assert parsing == {"xml.py"}
