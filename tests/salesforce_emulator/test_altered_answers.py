"""Result files that are cut short or in another order, and jobs that never end."""

from __future__ import annotations

from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client

_ROWS = "".join(f'k{at},"L\n{at}"\n' for at in range(20))
_DATA = f"External_Id__c,LastName\n{_ROWS}"


def test_a_result_file_may_end_too_early_without_a_sign(client: Client, emulator: Emulator) -> None:
    job = client.job("upsert", "Contact", "External_Id__c")
    batch = client.batch(job, _DATA)
    whole = client.results(job, batch)
    emulator.faults([{"match": {"path": "*/result"}, "do": {"truncate": 0.5}, "times": 1}])
    cut = client.bulk("GET", f"/{job}/batch/{batch}/result", Accept_Encoding="gzip")
    assert cut.headers["content-length"] == str(len(cut.content))
    assert 0 < cut.content.count(b"\n") < len(whole)
    assert client.results(job, batch) == whole


def test_the_rows_of_a_file_may_come_in_another_order(client: Client, emulator: Emulator) -> None:
    job = client.job("upsert", "Contact", "External_Id__c")
    batch = client.batch(job, _DATA)
    whole = client.results(job, batch)
    emulator.faults([{"match": {"path": "*/result"}, "do": {"shuffle": True}}])
    shuffled = client.results(job, batch)
    assert shuffled != whole
    assert sorted(row["Id"] for row in shuffled) == sorted(row["Id"] for row in whole)
    assert client.results(job, batch) == shuffled


def test_rows_keep_their_line_ends_when_they_are_shuffled(client: Client, emulator: Emulator) -> None:
    job, _ = client.ingest("insert", "Contact", _DATA)
    emulator.faults([{"match": {"path": "*/successfulResults"}, "do": {"shuffle": True}}])
    rows = client.file(job, "successfulResults")
    assert sorted(row["LastName"] for row in rows) == sorted(f"L\n{at}" for at in range(20))


def test_a_job_that_is_stuck_waits_until_it_is_aborted(client: Client, emulator: Emulator) -> None:
    emulator.faults([{"match": {"method": "PATCH", "path": "*/jobs/ingest/*"}, "do": {"stuck": True}, "times": 1}])
    job = client.open_job("insert", "Contact", _DATA)
    client.jobs("PATCH", f"/ingest/{job}", {"state": "UploadComplete"})
    _, info = client.ingest("insert", "Contact", "LastName\nOther\n")
    assert info["state"] == "JobComplete"
    assert client.jobs("GET", f"/ingest/{job}").json()["state"] in ("UploadComplete", "InProgress")
    client.jobs("PATCH", f"/ingest/{job}", {"state": "Aborted"})
    assert client.jobs("GET", f"/ingest/{job}").json()["state"] == "Aborted"
    assert len(emulator.records("Contact")) == 1
