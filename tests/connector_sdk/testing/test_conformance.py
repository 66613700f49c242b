from __future__ import annotations

from pathlib import Path

import pytest

from connector_sdk import Destination, Mode, Secret
from connector_sdk.testing.conformance import DestinationConformance
from connector_sdk.testing.conformance.subject import Subject, Way
from connector_sdk.testing.reference import Fault, FaultKind, plugin

from . import faulty

pytest_plugins = ["pytester"]

TOKEN = "a-token-of-the-reference"
LAST_CALL = {"two_phase": "commit", "leased_job": "post", "call": "write"}


class TestReference(DestinationConformance):
    destination = Destination("reference", plugin)

    def config(self) -> plugin.Config:
        return plugin.Config(":memory:conformance", Secret(TOKEN))

    def lose_next_answer(self, subject: Subject, way: Way) -> None:
        subject.connection.handle.client.store.add_fault(Fault(FaultKind.CUT_AFTER, call=LAST_CALL[way.api.name]))


class TestReferenceNotes(DestinationConformance):
    """Objects without a key: nothing but the protocol keeps rows from being doubled."""

    destination = Destination("reference", plugin)

    def config(self) -> plugin.Config:
        return plugin.Config(":memory:conformance-notes")

    def object_for(self, mode: Mode) -> str | None:
        return {Mode.ALL: "tags", Mode.UPSERT: "accounts"}.get(mode, "notes")

    def lose_next_answer(self, subject: Subject, way: Way) -> None:
        subject.connection.handle.client.store.add_fault(Fault(FaultKind.CUT_AFTER, call=LAST_CALL[way.api.name]))


def test_overriding_a_test_of_the_kit_fails_at_once() -> None:
    with pytest.raises(TypeError, match="overrides test_an_upsert_repeated_changes_the_same_records"):

        class TestLazy(DestinationConformance):
            destination = Destination("reference", plugin)
            test_an_upsert_repeated_changes_the_same_records = None


def test_overriding_it_in_a_mixin_fails_too() -> None:
    class Mixin:
        def test_commands_have_names(self) -> None: ...

    with pytest.raises(TypeError, match="overrides test_commands_have_names"):

        class TestLazy(Mixin, DestinationConformance):
            destination = Destination("reference", plugin)


KIT = """
import faulty
from connector_sdk import Destination
from connector_sdk.testing.conformance import DestinationConformance

class TestFaulty(DestinationConformance):
    destination = Destination("faulty", faulty.FAULTY[{name!r}]())
    config = faulty.config
"""


@pytest.mark.parametrize("name", faulty.FAULTY)
def test_the_kit_catches_a_destination_that(name: str, pytester: pytest.Pytester) -> None:
    pytester.syspathinsert()
    pytester.makepyfile(faulty=Path(faulty.__file__).read_text(), test_kit=KIT.format(name=name))
    run = pytester.inline_run("-p", "no:cacheprovider", "-p", "no:terminal", "test_kit.py")
    failed = {each.nodeid.split("::")[-1].partition("[")[0] for each in run.getfailures()}
    assert failed == faulty.CAUGHT_BY[name]


def test_capabilities_that_the_spec_does_not_declare_are_not_tested(pytester: pytest.Pytester) -> None:
    pytester.syspathinsert()
    source = KIT.format(name="has nothing wrong").replace("faulty.FAULTY['has nothing wrong']", "faulty.only_calls")
    pytester.makepyfile(faulty=Path(faulty.__file__).read_text(), test_kit=source)
    run = pytester.inline_run("-p", "no:cacheprovider", "-p", "no:terminal", "test_kit.py")
    passed, skipped, failed = run.listoutcomes()
    assert not failed
    assert {each.nodeid.split("::")[-1].partition("[")[0] for each in skipped} >= {
        "test_a_death_at_any_anchor_executes_the_rows_once",
        "test_the_rows_become_the_whole_list",
        "test_mode_all_can_read_what_it_replaces",
    }
    assert passed


@pytest.mark.parametrize("name", faulty.LACKING)
def test_what_a_destination_has_no_ability_for_is_skipped_with_the_reason(name: str, pytester: pytest.Pytester) -> None:
    pytester.syspathinsert()
    source = KIT.format(name=name).replace("faulty.FAULTY", "faulty.LACKING")
    pytester.makepyfile(faulty=Path(faulty.__file__).read_text(), test_kit=source)
    test, reason = faulty.SKIPPED[name]
    run = pytester.inline_run("-p", "no:cacheprovider", "-p", "no:terminal", "-k", test, "test_kit.py")
    passed, skipped, failed = run.listoutcomes()
    assert not failed
    assert {each.longrepr[2] for each in skipped} == (set() if reason is None else {f"Skipped: {reason}"})
    assert bool(passed) is (reason is None)


def test_a_destination_that_cannot_be_read_back_recovers_all_the_same(pytester: pytest.Pytester) -> None:
    """Without a count of records, a row that is executed twice shows by its refusal."""
    pytester.syspathinsert()
    source = KIT.format(name="reading").replace("faulty.FAULTY", "faulty.LACKING")
    pytester.makepyfile(faulty=Path(faulty.__file__).read_text(), test_kit=source)
    run = pytester.inline_run("-p", "no:cacheprovider", "-p", "no:terminal", "-k", "death", "test_kit.py")
    passed, skipped, failed = run.listoutcomes()
    assert (bool(passed), skipped, failed) == (True, [], [])
