"""Whatever the keys of a model are: none that is empty is sent, none twice, and every row has its outcome."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector_sdk import Removal

from .bench import Bench, people

KEYS = st.sampled_from(
    ["", " ", "\t", "\n", "\u00a0", "\u2003", "a", "A", " a", "a ", "b", "\u00e9", "e\u0301", "\u00c9", "\ufeff",
     "\u200b", "\u202e", "\U0001f600", "'", '"', "\\", "a\x00b", "\x1f", "null", "NULL", "None", "0", "00", "1e3",
     "#N/A", "x" * 300]
)  # fmt: skip
ROWS = st.lists(st.tuples(st.none() | KEYS, st.none() | KEYS), max_size=8)


def none_is_sent_that_should_not_be(folder: Path, rows: list[tuple[str | None, str | None]]) -> None:
    bench = Bench(folder, people(on_removed=Removal.DELETE))
    ran = bench.run([{"k": key, "e": match, "n": "x"} for key, match in rows])
    written = [record["external_id"] for record in bench.store.records("people")]
    bench.store.close()

    assert len(ran.lines) == len(rows) == sum(line["outcome"] in ("succeeded", "rejected") for line in ran.lines)
    assert len(written) == ran.report.rows.succeeded
    assert all(each and each.strip() for each in written)
    assert set(written) <= {match for _, match in rows if match}
    keys, matches = Counter(key for key, _ in rows), Counter(match for _, match in rows)
    assert all(keys[key] == matches[match] == 1 for key, match in rows if match in written)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_no_key_that_is_empty_or_repeated_is_sent(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, str | None]]
) -> None:
    none_is_sent_that_should_not_be(tmp_path_factory.mktemp("keys"), rows)


@pytest.mark.long
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_none_is_sent_in_many_models(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, str | None]]
) -> None:
    none_is_sent_that_should_not_be(tmp_path_factory.mktemp("keys"), rows)
