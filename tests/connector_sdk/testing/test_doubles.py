from __future__ import annotations

import pyarrow as pa
import pytest

from connector_sdk import Action, Batch, Mode
from connector_sdk.testing.doubles import RecordingRun


def test_an_anchor_that_is_not_text_is_refused_and_not_recorded() -> None:
    batch = Batch(
        run="r", number=1, object_name="people", action=Action.CREATE, mode=Mode.INSERT, api="call", columns=(),
        rows=pa.table({}),
    )  # fmt: skip
    run = RecordingRun()
    attempt = run.attempt(batch)
    with pytest.raises(TypeError, match=r"an anchor holds text, not \{'size': 7\}"):
        attempt.anchor("created", job="j1", size=7)  # type: ignore[arg-type]
    assert run.anchors == []
    attempt.anchor("created", job="j1", size="7")
    assert [each.handle for each in attempt.anchors] == [{"job": "j1", "size": "7"}]
