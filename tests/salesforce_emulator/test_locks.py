"""The lock model: what runs at the same time and wants the same parent."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from salesforce_emulator import Emulator, read_org
from salesforce_emulator.org.model import Locks

from tests.salesforce_emulator.client import Client

ACCOUNTS = [{"Name": key, "External_Id__c": key} for key in ("a", "b")]


def org(**keys: object) -> dict[str, object]:
    return {"extends": "default", "locks": {"hold": 0.1}, **keys}


class Meeting:
    """The `time` of the engine: transactions that hold their locks wait for each other, not for seconds.

    So a hold lasts until the others had or were refused their locks, however busy the machine is.
    """

    def __init__(self, count: int) -> None:
        self._barrier = Barrier(count, timeout=30)

    def sleep(self, seconds: float) -> None:
        self._barrier.wait()


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every transaction hold its locks until a second one wants its own."""
    monkeypatch.setattr("salesforce_emulator.dml.engine.time", Meeting(2))


@pytest.fixture
def locking(pairs: None) -> Iterator[Emulator]:
    with Emulator(org()) as emulator:
        emulator.insert("Account", *ACCOUNTS)
        yield emulator


def contacts(parent: str, first: int, count: int = 3) -> str:
    lines = (f"{parent}{number},L,{parent}\n" for number in range(first, first + count))
    return "External_Id__c,LastName,Account.External_Id__c\n" + "".join(lines)


def both(emulator: Emulator, first: str, second: str) -> list[list[dict[str, str]]]:
    client = Client(emulator)
    job = client.job("upsert", "Contact", "External_Id__c")
    batches = [client.batch(job, data) for data in (first, second)]
    found = [client.results(job, batch) for batch in batches]
    client.close()
    return found


def test_two_batches_that_want_one_parent_collide(locking: Emulator) -> None:
    found = both(locking, contacts("a", 0), contacts("a", 3))
    errors = [row["Error"] for results in found for row in results if row["Success"] == "false"]
    account = locking.records("Account")[0]["Id"]
    wanted = f"unable to obtain exclusive access to this record or 1 records: {account}"
    assert errors == [f"UNABLE_TO_LOCK_ROW:{wanted}:--"] * 3
    locks = locking.stats()["locks"]
    assert locks["refused"] == {"Contact": 3}
    assert locks["contended"] == {account: 3}


def test_batches_with_different_parents_run_side_by_side(locking: Emulator) -> None:
    found = both(locking, contacts("a", 0), contacts("b", 0))
    assert all(row["Success"] == "true" for results in found for row in results)
    assert locking.stats()["locks"]["refused"] == {}


def test_only_the_rows_that_touch_a_locked_record_fail(locking: Emulator) -> None:
    mixed = contacts("b", 0, 2) + contacts("a", 5, 1).partition("\n")[2]
    found = both(locking, contacts("a", 0), mixed)
    failed = [row for results in found for row in results if row["Success"] == "false"]
    assert len(failed) in (1, 3)
    assert sum(len(results) for results in found) == 6


def test_a_row_that_cannot_be_read_locks_nothing(locking: Emulator) -> None:
    unreadable = "External_Id__c,LastName,Account.External_Id__c,Visits__c\nx,L,a,many\n"
    [[refused], written] = both(locking, unreadable, contacts("a", 0))
    assert "invalid" in refused["Error"].lower()
    assert all(row["Success"] == "true" for row in written)
    assert locking.stats()["locks"]["refused"] == {}


def test_an_update_that_empties_its_parent_by_key_locks_the_present_one(locking: Emulator) -> None:
    account = locking.records("Account")[0]["Id"]
    ids = locking.insert("Contact", *({"LastName": "L", "AccountId": account} for _ in range(2)))
    assert update_side_by_side(locking, *ids, Account={"External_Id__c": None}) == [204, 400]
    assert sorted(str(contact["AccountId"]) for contact in locking.records("Contact")) == [account, "None"]


def test_rows_without_a_parent_never_collide(locking: Emulator) -> None:
    found = both(locking, "External_Id__c,LastName\nx,L\n", "External_Id__c,LastName\ny,L\n")
    assert all(row["Success"] == "true" for results in found for row in results)


def start_late(emulator: Emulator) -> None:
    """Start the batches that wait for the delay of `delayed`, all at once."""
    emulator.advance(120)


def delayed(**keys: object) -> dict[str, object]:
    return org(bulk={"delay": 60}, **keys)


def test_a_serial_job_does_not_collide_with_itself() -> None:
    with Emulator(delayed()) as emulator:
        emulator.insert("Account", *ACCOUNTS)
        client = Client(emulator)
        info = {"operation": "insert", "object": "Contact", "contentType": "CSV", "concurrencyMode": "Serial"}
        job = client.http.post(
            f"{emulator.instance_url}/services/async/58.0/job", json=info, headers={"X-SFDC-Session": client.token}
        ).json()["id"]
        batches = [client.batch(job, contacts("a", number * 3)) for number in range(3)]
        start_late(emulator)
        assert all(row["Success"] == "true" for batch in batches for row in client.results(job, batch))
        client.close()


def test_a_waiting_transaction_gets_the_lock_when_it_is_free() -> None:
    with Emulator(delayed(locks={"hold": 0.1, "wait": 60})) as emulator:
        emulator.insert("Account", *ACCOUNTS)
        client = Client(emulator)
        job = client.job("upsert", "Contact", "External_Id__c")
        batches = [client.batch(job, contacts("a", first)) for first in (0, 3)]
        start_late(emulator)
        assert all(row["Success"] == "true" for batch in batches for row in client.results(job, batch))
        client.close()


def test_a_kept_account_and_the_record_itself_are_locked(locking: Emulator) -> None:
    account = locking.records("Account")[0]["Id"]
    ids = locking.insert("Contact", *({"LastName": "L", "AccountId": account} for _ in range(2)))
    [free] = locking.insert("Contact", {"LastName": "M"})
    assert update_side_by_side(locking, *ids) == [204, 400]
    assert update_side_by_side(locking, free, free) == [204, 400]


def update_side_by_side(emulator: Emulator, *ids: str, **fields: object) -> list[int]:
    """Return the statuses of updates that run at the same time, sorted."""

    def update(record_id: str) -> int:
        client = Client(emulator)
        status = client.rest("PATCH", f"/sobjects/Contact/{record_id}", fields or {"Title": "T"}).status_code
        client.close()
        return status

    with ThreadPoolExecutor(len(ids)) as pool:
        return sorted(pool.map(update, ids))


def test_a_bulk_2_job_locks_as_a_batch_does(locking: Emulator) -> None:
    client = Client(locking)
    jobs = [client.open_job("insert", "Contact", contacts("a", at)) for at in (0, 3)]
    for job in jobs:
        client.jobs("PATCH", f"/ingest/{job}", {"state": "UploadComplete"})
    failed = sum(client.wait_for_job(f"/ingest/{job}")["numberRecordsFailed"] for job in jobs)
    assert failed == 3
    client.close()


@pytest.mark.usefixtures("pairs")
def test_a_lock_that_a_trigger_meets_fails_its_whole_transaction() -> None:
    apex = {"trigger": "ContactRollup", "updatesParents": ["AccountId"]}
    with Emulator(org(objects={"Contact": {"apex": apex}})) as emulator:
        emulator.insert("Account", *ACCOUNTS)
        mixed = contacts("a", 5, 1) + contacts("b", 0, 2).partition("\n")[2]
        found = both(emulator, contacts("a", 0), mixed)
        errors = [row["Error"] for results in found for row in results if row["Success"] == "false"]
        assert len(errors) == 3
        before = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:ContactRollup: execution of AfterInsert caused by: "
        assert all(error.startswith(f"{before}System.DmlException: Update failed.") for error in errors)
        assert all("first error: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access" in error for error in errors)
        assert len(emulator.records("Contact")) == 3


def test_many_shuffled_batches_collide_and_grouped_ones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("salesforce_emulator.dml.engine.time", Meeting(10))
    with Emulator(org()) as emulator:
        client = Client(emulator)
        emulator.insert("Account", *({"Name": "A", "External_Id__c": f"p{number}"} for number in range(10)))

        def load(parent_of: list[int]) -> None:
            job = client.job("insert", "Contact")
            lines = [f"L,p{parent}\n" for parent in parent_of]
            size = len(lines) // 10
            head = "LastName,Account.External_Id__c\n"
            batches = [client.batch(job, head + "".join(lines[at * size : (at + 1) * size])) for at in range(10)]
            for batch in batches:
                client.wait_for_batch(job, batch)

        load([at // 100 for at in range(1_000)])
        assert emulator.stats()["locks"]["refused"] == {}
        load([at % 10 for at in range(1_000)])
        assert emulator.stats()["locks"]["refused"] == {"Contact": 900}, "the first batch holds all ten accounts"
        client.close()


def test_an_org_without_the_lock_model_has_no_locks(emulator: Emulator) -> None:
    assert "locks" not in emulator.stats()
    assert emulator.world.org.workers == 1


def test_an_org_has_the_default_locks_its_own_or_none() -> None:
    assert read_org(org(locks=True)).locks == Locks(hold=0.05, wait=0)
    assert read_org(org(locks=False)).locks is None
    assert read_org(org(locks={"hold": 2, "wait": 1})).locks == Locks(hold=2, wait=1)
