from __future__ import annotations

import pyarrow as pa
import pytest
from connector_salesforce.ids import to18, wrong_ids
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ("0015g00000ABCDe", "0015g00000ABCDeAAP"),
        ("0015g00000ABCDeAAP", "0015g00000ABCDeAAP"),
        ("00Dxx0000001gPL", "00Dxx0000001gPLEAY"),
        ("005xx000001SwiU", "005xx000001SwiUAAS"),
        ("012000000000000", "012000000000000AAA"),
    ],
)
def test_both_forms_of_an_id_become_18_characters(given: str, whole: str) -> None:
    assert to18(given) == whole


@pytest.mark.parametrize("text", ["", "0015g00000ABCDeaap", "0015g00000abcdeAAP", "0015g00000ABCD", "0015g00000ABCDé",
                                  "0015g00000ABCDeAA", "0015g00000ABCDeAAP\n"])  # fmt: skip
def test_what_is_no_id_or_has_wrong_check_characters_is_none(text: str) -> None:
    assert to18(text) is None


_CHARACTERS = st.sampled_from("09azAZmM é")


@given(st.lists(st.one_of(st.none(), st.text(_CHARACTERS, max_size=19), st.text("aZ0", min_size=15, max_size=15))))
def test_a_column_of_ids_is_judged_as_each_of_them(ids: list[str | None]) -> None:
    ids += [to18(each) for each in ids if each]
    expected = [None if each is None else to18(each) is None for each in ids]
    assert wrong_ids(pa.array(ids, pa.string())).to_pylist() == expected
