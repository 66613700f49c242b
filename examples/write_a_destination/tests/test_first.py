from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from connector_notebook import first

from connector_sdk import Action, Batch, Column, Destination, Mode, NoOptions
from connector_sdk.testing.doubles import RecordingHost, RecordingRun


def test_every_row_becomes_a_line(tmp_path: Path) -> None:
    destination = Destination("lines", first)
    file = tmp_path / "lines.jsonl"
    connection = destination.connect(first.Config(str(file)), RecordingHost())
    rows = pa.table({"text": ["one", "two"]})
    batch = Batch(
        run="run",
        number=1,
        object_name="lines",
        action=Action.CREATE,
        mode=Mode.INSERT,
        api="append",
        columns=(Column("text"),),
        rows=rows,
    )

    result = destination.write_batch(connection, batch, NoOptions(), RecordingRun().attempt(batch))

    assert result.rows.column("status").to_pylist() == ["succeeded", "succeeded"]
    assert file.read_text().splitlines() == ['{"text": "one"}', '{"text": "two"}']
