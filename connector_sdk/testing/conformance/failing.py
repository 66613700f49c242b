"""Tests of how a destination fails: row by row, with codes that it can explain, and without exposing secrets."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from connector_sdk import Action, Executed, Kind, Mode, RowError, Secret
from connector_sdk.contract.batch import ACTIONS
from connector_sdk.testing.conformance.kit import Kit, ways
from connector_sdk.testing.conformance.samples import Row
from connector_sdk.testing.conformance.subject import Subject, Target, Way


class Failing(Kit):
    """Tests of failed rows and failed calls."""

    @ways([Mode.INSERT, Mode.UPSERT])
    def test_one_bad_row_fails_alone_with_a_code_and_a_reason(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        good, bad, also_good = subject.samples.rows(target.fields, 3)
        lines = subject.write(subject.batch(target, [good, _spoil_row(bad, target), also_good]))
        assert [line["status"] for line in lines] == ["succeeded", "failed", "succeeded"], lines
        assert lines[1]["code"]
        assert lines[1]["message"]
        error = RowError(lines[1]["code"], lines[1]["message"], ACTIONS[way.mode])
        known = subject.destination.classify_error(error)
        assert (known.kind, known.executed) == (Kind.REJECTED, Executed.NO)
        assert known.cause, f"{error.code} is not explained"

    @ways([Mode.ARCHIVE])
    def test_deleting_what_is_gone_says_so_and_the_record_id_is_to_be_forgotten(
        self, subject: Subject, way: Way
    ) -> None:
        target = subject.target(way)
        _, ids = subject.create(target, 1)
        subject.write(subject.batch(target, [], ids=ids))
        (line,) = subject.write(subject.batch(target, [], ids=ids))
        _assert_forgotten(subject, line, Action.DELETE)

    @ways([Mode.UPDATE])
    def test_updating_what_is_gone_says_so_and_the_record_id_is_to_be_forgotten(
        self, subject: Subject, way: Way
    ) -> None:
        target = subject.target(way)
        deleting = [api for api in subject.destination.spec.apis if Mode.ARCHIVE in api.modes]
        if not deleting:
            pytest.skip("the destination cannot delete the record that this needs gone")
        _, ids = subject.create(target, 1)
        gone = attrs.evolve(target, way=Way(deleting[0], Mode.ARCHIVE))
        subject.write(subject.batch(gone, [], ids=ids))
        fields = [each for each in target.fields if not each.unique]
        (line,) = subject.write(subject.batch(target, subject.samples.rows(fields, 1), fields=fields, ids=ids))
        _assert_forgotten(subject, line, Action.UPDATE)

    @pytest.mark.parametrize("error", [Exception("surprise"), ConnectionResetError(), TimeoutError()], ids=repr)
    def test_after_an_exception_the_batch_may_have_been_executed(self, error: Exception) -> None:
        """These exceptions prove nothing, so the plugin must answer `MAYBE`."""
        assert self.load_destination().classify_error(error).executed is Executed.MAYBE

    def test_a_code_that_nobody_knows_is_a_rejected_row(self) -> None:
        known = self.load_destination().classify_error(
            RowError("NEVER_SEEN_BEFORE_7", "words of tomorrow", Action.UPSERT)
        )
        assert (known.kind, known.executed) == (Kind.REJECTED, Executed.NO)

    def test_secrets_are_hidden_before_they_are_used_and_shown_nowhere(self, subject: Subject) -> None:
        shown = [repr(subject.connection), repr(self.config()), *map(repr, subject.host.calls)]
        for secret in _secrets(self.config()):
            assert secret in subject.host.hidden, "a secret was not given to host.hide"
            assert not [text for text in shown if secret in text], "a secret is visible"


def _assert_forgotten(subject: Subject, line: Row, action: Action) -> None:
    assert line["status"] == "failed", line
    known = subject.destination.classify_error(RowError(line["code"], line["message"] or "", action))
    assert known.record_gone, f"{line['code']} means that the record is gone: forget_record"


def _spoil_row(row: Row, target: Target) -> Row:
    """Return the row with one value that cannot be stored. Skips the test if the schema forbids no value."""
    for each in target.fields:
        if each.name == target.match_field:
            continue
        if each.length is not None and isinstance(row[each.name], str):
            return {**row, each.name: "x" * (each.length + 1)}
        if each.restricted:
            return {**row, each.name: "none of these"}
    pytest.skip(f"the schema of {target.schema.name} forbids nothing")


def _secrets(config: Any) -> Iterator[str]:
    for each in attrs.fields(type(config)):
        value = getattr(config, each.name)
        if isinstance(value, Secret) and value.reveal():
            yield value.reveal()
        elif attrs.has(type(value)):
            yield from _secrets(value)
