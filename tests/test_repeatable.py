"""A run of the quick suite is like the one before."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.rule("T15")
def test_generated_examples_are_the_same_in_every_run_of_the_quick_suite(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--hypothesis-seed") is not None:
        pytest.skip("a seed was asked for")
    drawn: list[list[int]] = []

    @settings(max_examples=20)
    @given(st.lists(st.integers()))
    def draw(values: list[int]) -> None:
        drawn[-1].extend(values)

    for _ in range(2):
        drawn.append([])
        draw()
    assert drawn[0] == drawn[1]
    assert settings().derandomize
