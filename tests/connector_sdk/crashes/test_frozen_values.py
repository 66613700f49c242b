"""State that earlier versions left, with every kind of key, mode and field: nothing of it is sent or removed again."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from connector_sdk.testing.reference import Store

from .frozen_state import KEPT, invoke
from .frozen_values import KINDS, PLAN_ID

ARCHIVES = sorted(KEPT.glob("values-*.tar.gz"))
SYNCS = [f"{mode}-{kind}" for kind in KINDS for mode in ("upsert", "update", "archive", "insert")]
OTHERS = ["insert-pairs", "values", "badges", "csv", "json", "groups", "guests", "links", "moments-held", "saved"]
HELD: dict[str, int] = {"moments-held": 3}
"""With which codes runs end of syncs that hold rows."""

pytestmark = pytest.mark.rule("V1", "V2")


@pytest.fixture(params=ARCHIVES, ids=[path.name for path in ARCHIVES])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with tarfile.open(request.param) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.chdir(tmp_path / "frozen")
    return tmp_path / "frozen"


def run(folder: Path, sync: str, code: int = 0) -> dict[str, Any]:
    """Run a sync, and return the report of its last run."""
    result = invoke(folder, "run", sync, "--output", "json")
    assert result.exit_code == code, result.output
    report: dict[str, Any] = json.loads(result.stdout)[-1]
    return report


def records(folder: Path, sync: str, object_name: str = "people") -> dict[str, dict[str, Any]]:
    """Return the records of a sync's account by their ids."""
    store = Store.at(folder / f"{sync}.db")
    found = {each["id"]: each for each in store.records(object_name)}
    store.close()
    return found


def change(folder: Path, model: str, column: str = "n") -> None:
    """Give every row of a model another text."""
    path = folder / f"{model}.parquet"
    table = pq.read_table(path)
    texts = pc.binary_join_element_wise(table.column(column), "changed", " ")
    pq.write_table(table.set_column(table.schema.get_field_index(column), column, texts), path)


@pytest.mark.parametrize("sync", [*SYNCS, *OTHERS])
def test_nothing_is_new_in_what_another_version_has_sent(folder: Path, sync: str) -> None:
    result = invoke(folder, "plan", sync, "--output", "json")
    assert result.exit_code == 0, result.output
    (plan,) = json.loads(result.stdout)
    assert not any(plan["actions"].values()), plan
    assert plan["rows"]["planned"] == plan["rows"]["skipped"]
    assert plan["rows"]["removed"] == 0
    ran = run(folder, sync, code=HELD.get(sync, 0))
    assert not any(ran["actions"].values())


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_change_are_written_to_the_records_that_they_had(folder: Path, kind: str) -> None:
    sync = f"upsert-{kind}"
    before = records(folder, sync)
    change(folder, kind)
    report = run(folder, sync)
    after = records(folder, sync)
    assert (report["actions"]["created"], report["actions"]["updated"]) == (0, len(before))
    assert {id_: each["external_id"] for id_, each in after.items()} == {
        id_: each["external_id"] for id_, each in before.items()
    }
    assert all(each["name"].endswith("changed") for each in after.values())


@pytest.mark.parametrize("kind", KINDS)
def test_the_record_of_a_row_that_leaves_is_removed_and_no_other(folder: Path, kind: str) -> None:
    sync, path = f"upsert-{kind}", folder / f"{kind}.parquet"
    before = records(folder, sync)
    pq.write_table(pq.read_table(path).slice(1), path)
    result = invoke(folder, "run", sync, "--accept", "max_removed")
    assert result.exit_code == 0, result.output
    assert set(records(folder, sync)) == set(list(before)[1:])


@pytest.mark.parametrize("kind", KINDS)
def test_records_that_were_written_by_another_version_are_found(folder: Path, kind: str) -> None:
    """An archive without a record yet, and an update of one that was made under the former spelling."""
    store = Store.at(folder / f"upsert-{kind}.db")
    last = [each["external_id"] for each in store.records("people")][-1]
    store.close()
    for mode in ("update", "archive"):
        store = Store.at(folder / f"{mode}-{kind}.db")
        store.put("people", external_id=last, name="by hand")
        store.close()
    assert run(folder, f"update-{kind}")["actions"]["updated"] == 1
    assert run(folder, f"archive-{kind}")["actions"]["deleted"] == 1


def test_references_are_found_under_the_former_spelling_too(folder: Path) -> None:
    change(folder, "links")
    report = run(folder, "links")
    assert report["rows"]["succeeded"] == 2, report
    (account,) = records(folder, "links", "accounts")
    mentors = {each["external_id"]: each for each in records(folder, "links").values()}
    assert {mentors[key]["account"] for key in ("1.0", "2.0")} == {account}
    assert {mentors[key]["mentor"] for key in ("1.0", "2.0")} == {mentors["mentor"]["id"]}


def test_an_open_run_is_finished_with_its_frozen_text(folder: Path) -> None:
    before = records(folder, "doubles-open")
    result = invoke(folder, "run", "doubles-open", "--output", "json")
    finished, fresh = json.loads(result.stdout)
    assert (finished["resumed"], finished["rows"]["succeeded"], fresh["rows"]["planned"]) == (True, 5, 0)
    after = records(folder, "doubles-open")
    assert {id_: each["external_id"] for id_, each in before.items()} == {
        id_: each["external_id"] for id_, each in after.items()
    }
    assert {each["name"] for each in after.values()} == {f"{number} second" for number in range(1, 6)}


def test_a_saved_plan_of_another_version_is_stale(folder: Path) -> None:
    (plan,) = json.loads((folder / PLAN_ID).read_text())
    result = invoke(folder, "run", "saved", "--plan", plan["run"])
    assert result.exit_code == 6, result.output
    assert "out of date" in result.stderr or "24 hours" in result.stderr


def test_a_held_row_with_a_key_of_another_spelling_stays_held_and_is_settled(folder: Path) -> None:
    before = records(folder, "moments-held", "notes")
    report = run(folder, "moments-held", code=HELD.get("moments-held", 0))
    assert (report["rows"]["skipped"], report["rows"]["planned"]) == (1, 1)
    held = next(
        each["run"] for each in json.loads(invoke(folder, "runs", "--output", "json").stdout)
        if each["sync"] == "moments-held" and each["rows"]["unknown"]
    )  # fmt: skip
    assert invoke(folder, "resolve", held, "--sent").exit_code == 0
    assert run(folder, "moments-held")["rows"]["planned"] == 0
    assert records(folder, "moments-held", "notes") == before


def test_a_column_of_keys_may_change_its_type_under_the_new_version(folder: Path) -> None:
    """Numbers as the former version sent them (`1.0`), now integers: the same rows, the same records."""
    before = records(folder, "upsert-doubles")
    table = pq.read_table(folder / "doubles.parquet")
    whole = pa.table({"k": table.column("k").cast(pa.int64()), "n": table.column("n")})
    pq.write_table(whole, folder / "doubles.parquet")
    change(folder, "doubles")
    assert run(folder, "upsert-doubles")["actions"]["updated"] == 5
    assert {each["external_id"] for each in records(folder, "upsert-doubles").values()} == {
        each["external_id"] for each in before.values()
    }


def test_the_project_that_was_kept_has_a_sync_for_each_case(folder: Path) -> None:
    project = yaml.safe_load((folder / "connector.yml").read_text())
    assert {*SYNCS, *OTHERS, "doubles-open"} == set(project["syncs"])
