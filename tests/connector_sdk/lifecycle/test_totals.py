from __future__ import annotations

import pytest

from connector_sdk.contract.errors import ConnectorError
from connector_sdk.contract.report import RowCounts
from connector_sdk.lifecycle.totals import TOP_CODES, TotalsBuilder
from connector_sdk.state.records import CountedRows


def count_rejected(code: str, rows: int = 1) -> CountedRows:
    return CountedRows("rejected", "update", code, "", False, rows)


@pytest.mark.parametrize(
    "planned",
    [RowCounts(read=3, planned=3), RowCounts(read=2, planned=1), RowCounts(read=2, unchanged=2, planned=2)],
    ids=["a row has no outcome", "a row is missing", "a row is counted twice"],
)
def test_a_run_whose_rows_do_not_add_up_is_left_open(planned: RowCounts) -> None:
    totals = TotalsBuilder()
    totals.count([CountedRows("succeeded", "updated", "", "", False, planned.planned if planned.read < 3 else 2)])
    with pytest.raises(ConnectorError, match=r"missing or counted twice.* the run is left open, report this as a bug"):
        totals.result(planned).require_sums()


def test_a_run_whose_rows_add_up_may_end() -> None:
    totals = TotalsBuilder()
    totals.count([CountedRows("succeeded", "updated", "", "", False, 2)])
    totals.result(RowCounts(read=3, unchanged=1, planned=2)).require_sums()


def test_a_destination_with_a_code_for_each_row_does_not_fill_the_memory() -> None:
    """Known codes are counted on; a code that comes after a thousand others is only counted as an outcome."""
    totals = TotalsBuilder()
    totals.count(count_rejected(f"code-{number:04}") for number in range(1_000))
    totals.count([count_rejected("late", 50), count_rejected("code-0007", 5)])
    assert [(each.code, each.rows) for each in totals.codes[:2]] == [("code-0007", 6), ("code-0000", 1)]
    assert len(totals.codes) == TOP_CODES
    assert totals.result(RowCounts()).rows.rejected == 1_055
