"""The workflow on GitHub runs the commands that a person runs, on the Pythons that are promised."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.distributions.declared import ROOT, promised_pythons

# The base loader keeps every value as text: `on` stays a name, and 3.10 would stay a version.
WORKFLOW: dict[str, Any] = yaml.load(
    (ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader
)
JOBS: dict[str, Any] = WORKFLOW["jobs"]
LATEST = promised_pythons()[-1]


def inputs(job: str, action: str) -> list[dict[str, str]]:
    """Return what a job passes to an action, for each step that uses it."""
    return [each["with"] for each in JOBS[job]["steps"] if each.get("uses", "").startswith(f"actions/{action}@")]


def commands(job: str) -> list[str]:
    return [each["run"] for each in JOBS[job]["steps"] if "run" in each]


def pythons(job: str) -> list[str]:
    """Return the Pythons that a job sets up."""
    (setup,) = inputs(job, "setup-python")
    matrix: list[str] = JOBS[job].get("strategy", {}).get("matrix", {}).get("python", [])
    return matrix if setup["python-version"] == "${{ matrix.python }}" else setup["python-version"].split()


def targets() -> Iterator[str]:
    """Yield every target of make that a job names."""
    return (target for job in JOBS for each in commands(job) for target in re.findall(r"make ([\w-]+)", each))


def test_a_change_is_checked_on_every_promised_python_by_the_script_that_a_person_runs() -> None:
    assert {"push", "pull_request"} <= set(WORKFLOW["on"])
    assert commands("check") == [".ci/run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert pythons("check") == promised_pythons()
    assert JOBS["check"]["steps"][-1]["env"] == {"PYTHON": "python${{ matrix.python }}"}
    assert JOBS["check"]["runs-on"] == "ubuntu-latest"


def test_the_manual_is_built_and_kept() -> None:
    assert commands("manual") == ["make docs"]
    assert pythons("manual") == [LATEST]
    assert JOBS["manual"]["steps"][2]["env"] == {"PYTHON": f"python{LATEST}"}
    (upload,) = inputs("manual", "upload-artifact")
    assert upload["path"] == "docs/_site"
    assert upload["if-no-files-found"] == "error"


def test_the_long_tests_run_once_a_week_and_find_every_promised_python() -> None:
    ((cron,),) = [list(each.values()) for each in WORKFLOW["on"]["schedule"]]
    minute, hour, *days, weekday = cron.split()
    assert (minute.isdigit(), hour.isdigit(), days, weekday.isdigit()) == (True, True, ["*", "*"], True)
    assert commands("long") == ["make test-long"]
    assert "github.event_name == 'schedule'" in JOBS["long"]["if"]
    assert pythons("long") == promised_pythons()
    assert JOBS["long"]["steps"][-1]["env"]["PYTHON"].removeprefix("python") in promised_pythons()
    others = [job for job in JOBS if job != "long"]
    assert [JOBS[job]["if"] for job in others] == ["github.event_name != 'schedule'"] * len(others)


def test_every_target_that_the_workflow_names_is_one_of_the_makefile() -> None:
    known = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [each for each in targets() if each not in known] == []


def test_the_workflow_may_read_the_code_and_nothing_else() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert [job for job in JOBS if "permissions" in JOBS[job]] == []
    assert all(checkout["persist-credentials"] == "false" for job in JOBS for checkout in inputs(job, "checkout"))


@pytest.mark.parametrize("job", JOBS)
def test_a_job_pins_its_actions_caches_packages_and_ends_in_time(job: str) -> None:
    used = [each["uses"] for each in JOBS[job]["steps"] if "uses" in each]
    assert [each for each in used if not re.fullmatch(r"actions/[\w-]+@v\d+", each)] == []
    (setup,) = inputs(job, "setup-python")
    assert setup["cache"] == "pip"
    assert (ROOT / setup["cache-dependency-path"]).is_file()
    assert 0 < int(JOBS[job]["timeout-minutes"]) <= 360
