from __future__ import annotations

import pyarrow as pa
import pytest

from connector_sdk import WriteResult


def test_a_result_with_other_columns_is_refused_and_the_right_ones_are_named() -> None:
    with pytest.raises(ValueError, match=r"has the columns \['status', 'record_id', .*\], not \['status', 'id'\]"):
        WriteResult(pa.table({"status": ["succeeded"], "id": ["1"]}))
