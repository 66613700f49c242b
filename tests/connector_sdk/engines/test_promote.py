from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector_sdk.engines.promote import promote
from connector_sdk.state.ledger import LEDGER_SCHEMA

KNOWN = [("a", "1", "A"), ("b", "2", "B"), ("c", "3", "C"), ("d", "4", "D"), ("u", "5", "U")]
PLANNED = [
    ("a", "1", "A", "changed", "succeeded"),
    ("b", "2", "B", "changed", "rejected"),
    ("e", None, "E", "new", "succeeded"),
    ("c", None, "C2", "rekeyed", "succeeded"),
    ("f", None, "F", "new", "unprocessed"),
    ("c", "3", "C", "left", "rejected"),
    ("d", "4", "D", "left", "succeeded"),
]


def write_rows(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> Path:
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=2)
    return path


def identity(key: str, record_id: str | None, match: str) -> dict[str, Any]:
    return {"key": key, "record_id": record_id, "match": match}


@pytest.mark.parametrize("piece", [1, 3, 500_000])
def test_a_snapshot_is_the_same_in_however_many_pieces_it_is_made(piece: int, tmp_path: Path) -> None:
    own = [("key", pa.string()), ("record_id", pa.string()), ("match", pa.string())]
    value = ("model.v", pa.int32())
    known = [identity(*each) | {"generation": 1, "model.v": 1} for each in KNOWN]
    old = write_rows(tmp_path / "old.parquet", known, pa.schema([*own, ("generation", pa.int64()), value]))
    rows = [identity(*each[:3]) | {"effect": each[3], "model.v": 2} for each in PLANNED]
    plan = write_rows(tmp_path / "plan.parquet", rows, pa.schema([*own, ("effect", pa.string()), value]))
    lines = [
        {
            "row": number,
            "key": key,
            "outcome": outcome,
            "action": "upsert",
            "batch": 1,
            "record_id": id_ or f"new-{key}",
        }
        for number, (key, id_, _, _, outcome) in enumerate(PLANNED)
    ]
    ledger = write_rows(tmp_path / "ledger.parquet", lines[::-1], LEDGER_SCHEMA)
    promote(old, plan, ledger, None, tmp_path / "next.parquet", 2, rekeyed=True, piece=piece)
    made = {each["key"].split(chr(31))[0]: each for each in pq.read_table(tmp_path / "next.parquet").to_pylist()}
    assert pq.read_table(tmp_path / "next.parquet").num_rows == 6
    told = {key: (each["record_id"], each["match"], each["generation"], each["model.v"]) for key, each in made.items()}
    former = told.pop("c")
    assert former in (("new-c", "C2", 2, 2), ("3", "C", 0, None))
    assert told == {
        "a": ("1", "A", 2, 2),
        "b": ("2", "B", 1, 1),
        "e": ("new-e", "E", 2, 2),
        "u": ("5", "U", 1, 1),
    }
