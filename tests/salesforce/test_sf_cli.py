"""Answers of the sf CLI that hold no session. `test_flows.py` has the sessions that it gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from connector_salesforce.auth.sf_cli import cli_login
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import SfCli

from connector_sdk import Executed

from .test_flows import TOKEN, cli
from .test_login import MY_DOMAIN

HIDDEN = {"id": "00Dxx0000001gPLEAY", "instanceUrl": MY_DOMAIN, "username": "etl@acme.example", "accessToken": "hidden"}


def read_refusal(folder: Path, **results: Any) -> CallFailed:
    """Return why a CLI with these results of its commands gives no session."""
    answers = {f"org {name}": json.dumps({"status": 0, "result": result}) for name, result in results.items()}
    with pytest.raises(CallFailed) as failed:
        cli_login(SfCli("sf_cli", None, str(cli(folder, answers))), MY_DOMAIN)
    assert failed.value.executed is Executed.NO
    return failed.value


@pytest.mark.parametrize("shown", [[], [{"accessToken": TOKEN}], TOKEN, 0, True])
def test_an_answer_about_the_org_that_is_no_object_gives_no_session(tmp_path: Path, shown: Any) -> None:
    refusal = read_refusal(tmp_path, display=shown)
    assert refusal.code == "SF_CLI_FAILED"
    assert TOKEN not in refusal.message


@pytest.mark.parametrize("result", [{}, {"username": "etl@acme.example"}, "hidden", {"accessToken": 7}])
def test_a_cli_that_shows_no_token_when_it_is_asked_for_it_gives_no_session(tmp_path: Path, result: Any) -> None:
    assert read_refusal(tmp_path, display=HIDDEN, auth=result).code == "SF_CLI_NO_TOKEN"
