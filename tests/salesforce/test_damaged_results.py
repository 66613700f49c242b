"""Result files that were damaged on their way: no row counts as written that was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pyarrow as pa
import pytest
from connector_salesforce.org.org import Org
from connector_salesforce.write.bulk_results import ResultsError, Written, results_of

from connector_sdk import Action
from connector_sdk.testing.doubles import RecordingRun

from . import ingestorg
from .damage import DAMAGES, SWAPPED, Truth, record, write_csv
from .ingestorg import IngestOrg
from .scripted import batch, org

QUICK, MANY = 300, 10_000
ERROR = "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"


def of_the_bulk_api(truth: Truth) -> bytes:
    lines = [(record(n), "true", "false", "") if good else ("", "false", "false", ERROR)
             for n, good in enumerate(truth.rows.values())]  # fmt: skip
    return write_csv([("Id", "Success", "Created", "Error"), *lines])


def damage_file(body: bytes, chance: Random, but: str = "") -> bytes:
    return DAMAGES[chance.choice([each for each in DAMAGES if each != but])](body, chance)


def read_successes(body: bytes, known: Written) -> list[bool] | None:
    """Return which rows of a file of the Bulk API succeeded, or None if the file is not believed."""
    try:
        lines = results_of(body, known).rows
    except ResultsError:
        return None
    return [each == "succeeded" for each in lines.column("status").to_pylist()]


def bulk_trial(seed: int, *, ids: bool) -> str:
    """Damage a file once, and return what it led to. Unless record ids are known beforehand, lines do not trade places.

    Without ids a line names no row, so no reader could notice the exchange.
    """
    chance = Random(seed)
    truth = Truth.draw(chance)
    names = pa.array([record(number) for number in range(len(truth.rows))]) if ids else None
    said = read_successes(
        damage_file(of_the_bulk_api(truth), chance, "" if ids else SWAPPED),
        Written(len(truth.rows), names, truth.failed),
    )
    if said is None:
        return "not believed"
    wrong = [key for (key, good), claimed in zip(truth.rows.items(), said, strict=True) if claimed and not good]
    assert not wrong, f"seed {seed}: {wrong} did not succeed"
    return "believed"


def bulk2_trial(seed: int) -> str:
    """Damage files at the first download, several times over, or once at each download; return what it led to."""
    chance = Random(seed)
    truth = Truth.draw(chance)
    keys = list(truth.rows)
    good = [(record(n), "true", key, "x") for n, key in enumerate(keys) if truth.rows[key]]
    bad = [("", ERROR, key, "x") for key in keys if not truth.rows[key]]
    columns = ("External_Id__c", "LastName")
    whole = {
        "successfulResults": write_csv([("sf__Id", "sf__Created", *columns), *good]),
        "failedResults": write_csv([("sf__Id", "sf__Error", *columns), *bad]),
        "unprocessedrecords": write_csv([columns]),
    }
    stays, which = chance.random() < 0.5, chance.choice(list(whole))
    body = whole[which]
    for _ in range(1 if stays else chance.randint(1, 3)):
        body = damage_file(body, chance) if body else body
    scripted = IngestOrg()
    scripted.files = {name: [content] for name, content in whole.items()}
    scripted.files[which] = [body] if stays else [body, whole[which]]
    scripted.ends = {"state": "JobComplete", "numberRecordsProcessed": len(keys), "numberRecordsFailed": truth.failed}
    given = batch({"External_Id__c": keys, "LastName": ["x"] * len(keys)}, Action.UPSERT, api="bulk2")
    lines = ingestorg.write_batch(_open_org(scripted), given, RecordingRun(longest=0))
    said = [line["status"] for line in lines]
    wrong = [key for key, status in zip(keys, said, strict=True) if status == "succeeded" and not truth.rows[key]]
    assert not wrong, f"seed {seed}: {wrong} did not succeed"
    return "unknown" if "unknown" in said else "believed"


def _open_org(scripted: IngestOrg) -> Org:
    return org(scripted.transport)


TRIALS: dict[str, Callable[[int], str]] = {
    "bulk": lambda seed: bulk_trial(seed, ids=False),
    "bulk, ids known": lambda seed: bulk_trial(seed, ids=True),
    "bulk2": bulk2_trial,
}


@pytest.mark.parametrize("way", TRIALS)
def test_no_row_of_a_damaged_file_succeeded_that_did_not(way: str) -> None:
    ends = Counter(TRIALS[way](seed) for seed in range(QUICK))
    assert ends.total() == QUICK
    assert all(ends[end] for end in ("believed", "not believed" if way != "bulk2" else "unknown")), ends


@pytest.mark.long
@pytest.mark.parametrize("way", TRIALS)
def test_no_row_of_ten_thousand_damaged_files_succeeded_that_did_not(
    way: str, record_property: Callable[[str, int], None]
) -> None:
    ends = Counter(TRIALS[way](seed) for seed in range(MANY))
    print(f"{way}: {MANY} damaged result files, {dict(ends)}")
    assert ends.total() == MANY
    record_property("faults", MANY)


def test_a_line_that_is_missing_beside_one_that_is_doubled_is_noticed() -> None:
    lines = of_the_bulk_api(Truth({"a": False, "b": True, "c": True})).splitlines(keepends=True)
    shifted = b"".join([lines[0], *lines[2:], lines[3]])
    assert read_successes(shifted, Written(3, failed=1)) is None
    assert read_successes(shifted, Written(3)) is None, "two rows have one record"


def test_of_a_row_that_both_files_tell_of_neither_is_believed() -> None:
    scripted = IngestOrg()
    scripted.ends = {"state": "JobComplete", "numberRecordsProcessed": 2, "numberRecordsFailed": 1}
    scripted.files = {
        "successfulResults": [[(record(1), "true", "b", "x")]],
        "failedResults": [[("", ERROR, "b", "x")]],
    }
    given = batch({"External_Id__c": ["a", "b"], "LastName": ["x", "x"]}, Action.UPSERT, api="bulk2")
    lines = ingestorg.write_batch(_open_org(scripted), given, RecordingRun(longest=0))
    assert [line["status"] for line in lines] == ["unknown", "unknown"]


def test_more_successes_than_the_job_counts_are_not_believed() -> None:
    scripted = IngestOrg()
    scripted.ends = {"state": "JobComplete", "numberRecordsProcessed": 2, "numberRecordsFailed": 1}
    scripted.files = {"successfulResults": [[(record(n), "true", key, "x") for n, key in enumerate("ab")]]}
    given = batch({"External_Id__c": ["a", "b"], "LastName": ["x", "x"]}, Action.UPSERT, api="bulk2")
    lines = ingestorg.write_batch(_open_org(scripted), given, RecordingRun(longest=0))
    assert [line["status"] for line in lines] == ["unknown", "unknown"]
