from __future__ import annotations

import pytest

from connector_sdk.contract.codes import EXPLAINED, Code
from tests.connector_sdk.cli.conftest import Invoke, folder, invoke

__all__ = ["folder", "invoke"]


@pytest.mark.parametrize("code", Code)
def test_every_code_of_the_core_has_a_cause_and_advice(code: Code) -> None:
    assert EXPLAINED[code].cause
    assert EXPLAINED[code].advice


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("spelling", ["TOO_LONG", "too_long", "Too long"])
def test_explain_knows_the_codes_of_the_core(invoke: Invoke, spelling: str) -> None:
    result = invoke("explain", spelling)
    assert result.exit_code == 0
    assert "truncate: true" in result.stdout
