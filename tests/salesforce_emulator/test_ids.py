"""Ids: the check suffix, and what is not an id."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from salesforce_emulator.ids import ALPHABET, id_series, read_id, to18

ids = st.text(ALPHABET, min_size=15, max_size=15)


def test_the_suffix_is_that_of_real_ids() -> None:
    assert to18("0015g00000ABCDe") == "0015g00000ABCDeAAP"
    for real in ("0014S000007NxmlQAC", "0034S000005YJX5QAO", "001dM00003jU9GyQAK", "7502o00000JqBYLAA3"):
        assert to18(real[:15]) == real


@given(ids)
def test_both_lengths_are_read_as_18_characters(short: str) -> None:
    assert read_id(short) == read_id(to18(short)) == to18(short)


@given(ids)
def test_an_id_that_lost_its_case_is_refused(short: str) -> None:
    full = to18(short)
    if full.lower() != full:
        assert read_id(full.lower()) is None


@given(st.text(max_size=20).filter(lambda text: len(text) not in (15, 18)))
def test_other_lengths_are_no_ids(text: str) -> None:
    assert read_id(text) is None


def test_a_series_never_repeats_and_stays_in_order() -> None:
    following = id_series("001")
    made = [following() for _ in range(5_000)]
    assert len(set(made)) == 5_000
    assert made == sorted(made)
    assert all(read_id(record_id) == record_id for record_id in made)
