"""What all tests share: a home of their own, and no environment of the person who runs them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from connector_sdk.testing.crash import Report

Unharmed = Callable[[Report], Report]

SAMPLE = 5
"""Of the cases of a test in `TABLES`, the quick suite runs the first and every fifth after it; the others are long."""

TABLES = {
    *(("planning", f"test_{name}") for name in (
        "spellings", "shared_records", "guards_that_remember", "searching", "names", "rekeyed", "mapping_changes",
        "nested", "identity", "more_decimals", "drift", "several_objects", "unreadable_cells", "conversions",
    )),
    *(("crashes", f"test_{name}") for name in ("damage", "frozen_values")),
    *(("state", f"test_{name}") for name in ("rollback_guard", "modes", "links")),
    *(("cli", f"test_{name}") for name in ("encodings",)),
    *(("observing", f"test_{name}") for name in ("spelled_secrets", "planted_secrets")),
    *(("salesforce_events", f"test_{name}") for name in ("allocation", "waiting", "publishing", "malformed_answers")),
    *(("salesforce_picklist", f"test_{name}") for name in (
        "kinds", "names", "lists", "delivery", "malformed_answers",
    )),
    *(("salesforce", f"test_{name}") for name in (
        "lookups", "matching", "modes", "options", "several_objects", "renewals", "decimals", "interruptions",
        "malformed_answers", "lost_answers", "versions", "everyday_data", "value_forms", "field_types", "merging",
        "injected_codes", "converted_leads", "stopped_runs", "drift", "retries", "batches", "syncs", "person_accounts",
    )),
}  # fmt: skip
"""Folders and modules that try one rule on many cases, each with a run of its own."""


def pytest_configure(config: pytest.Config) -> None:
    """Draw the same examples in every run, unless a seed asks for others; an example takes the time that it takes."""
    seed = config.getoption("--hypothesis-seed")
    settings.register_profile("steady", derandomize=seed is None, deadline=None)
    settings.load_profile("steady")


def pytest_report_header(config: pytest.Config) -> str:
    """Say with which seed the examples were drawn."""
    return f"hypothesis seed: {config.getoption('--hypothesis-seed') or 'none, the same examples in every run'}"


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    for variable in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(home / variable.lower()))
    monkeypatch.setenv("HOME", str(home))
    for variable in ("CONNECTOR_STATE", "CONNECTOR_PROJECT"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(autouse=True)
def _no_pause_between_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector_sdk.hooks.repeat.FIRST_PAUSE", 0.001)


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Real answers of the vendor, where the checkout has them beside it."""
    folder = Path(__file__).parents[1].parent / "shared" / "recordings"
    if not folder.is_dir():
        pytest.skip("the recordings are not beside this checkout")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-cassettes", action="store_true", help="record cassettes anew, against the emulator")


@pytest.fixture
def record_cassettes(request: pytest.FixtureRequest) -> bool:
    """Whether cassettes are being recorded."""
    return bool(request.config.getoption("--record-cassettes"))


@pytest.fixture
def unharmed(record_property: Callable[[str, int], None]) -> Unharmed:
    """Check that no run of a crash harness went wrong, and count the kills."""

    def check(report: Report) -> Report:
        assert not report.failures, report
        record_property("kills", report.kills)
        return report

    return check


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many kills and faults the runs under test survived."""
    counted: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            counted[name] += value
    if counted:
        terminalreporter.write_line(", ".join(f"{value:,} {name}" for name, value in counted.items()) + " survived")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark most cases of large tables as long, so that the quick suite runs a sample. Give long tests half an hour."""
    seen: Counter[tuple[Path, str]] = Counter()
    for item in items:
        place = item.path.parent.name, item.path.stem
        case = item.path, getattr(item, "originalname", item.name)
        if place in TABLES and seen[case] % SAMPLE:
            item.add_marker(pytest.mark.long)
        seen[case] += 1
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(1800))
