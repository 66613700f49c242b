"""What changed at the destination since the last run stops the next one before it writes anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from connector_sdk import ConfigError, Field, FieldType, Mode, RunStopped
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference.shapes import SHAPES

from .bench import Bench, map_fields, people

Become = Callable[..., None]

ANN = {"k": "1", "e": "a", "n": "Ann", "x": "Gold"}
READ_ONLY = {"updatable": False, "creatable": False, "not_writable": dict.fromkeys(Mode, "is read-only for you")}


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Become:
    """Change fields of the people, or of another object: settings of a field, None without it, a `Field` is new."""

    def change(object_name: str = "people", /, **changes: Any) -> None:
        shape = SHAPES[object_name]
        fields = [evolve(each, **changes.get(each.name, {})) for each in shape.schema.fields
                  if changes.get(each.name, {}) is not None]  # fmt: skip
        new = [each for each in changes.values() if isinstance(each, Field)]
        schema = evolve(shape.schema, fields=(*fields, *new), missing_hint=changes.get("missing_hint", ""))
        monkeypatch.setitem(SHAPES, object_name, evolve(shape, schema=schema))

    return change


def expect_refusal(bench: Bench, **asked: Any) -> str:
    """Run the sync with a changed row, and return the message with which the plan is refused."""
    with pytest.raises((ConfigError, RunStopped)) as refused:
        bench.run([{**ANN, "n": "Changed"}], **asked)
    return str(refused.value)


def test_nothing_is_said_where_nothing_changed(bench: Bench) -> None:
    bench.run([ANN])
    assert not [each for each in bench.plan([ANN]).findings if "since" in each.message]


def test_a_field_that_went_is_said_to_have_gone(bench: Bench, become: Become) -> None:
    bench.change(fields=map_fields(name="n", tier="x"))
    bench.run([ANN])
    become(tier=None)
    assert "people has no field tier (since the last run)" in expect_refusal(bench)
    assert bench.names() == {"a": "Ann"}


def test_a_field_that_is_not_there_is_called_what_the_destination_calls_it(bench: Bench, become: Become) -> None:
    become(tier=None, missing_hint="absent or hidden from you")
    bench.change(fields=map_fields(name="n", tier="x"))
    assert "people.tier is absent or hidden from you" in expect_refusal(bench)


def test_a_field_with_the_label_of_one_that_went_is_proposed(bench: Bench, become: Become) -> None:
    bench.change(fields=map_fields(name="n", tier="x"))
    bench.run([ANN])
    become(tier=None, new=Field(name="level", type=FieldType.TEXT, label="Tier", length=10))
    assert "did you mean level, which has its label now?" in expect_refusal(bench)


def test_a_field_that_became_read_only_is_said_with_the_reason(bench: Bench, become: Become) -> None:
    bench.change(fields=map_fields(name="n", tier="x"))
    bench.run([ANN])
    become(tier=READ_ONLY)
    assert "tier cannot be written: is read-only for you (since the last run)" in expect_refusal(bench)


def test_a_match_field_that_cannot_be_matched_any_more_is_said(bench: Bench, become: Become) -> None:
    bench.run([ANN])
    become(external_id={"not_matchable": {Mode.UPSERT: "is not a key"}})
    assert "external_id cannot be matched on: is not a key (since the last run)" in expect_refusal(bench)


def test_what_never_fitted_is_no_change(bench: Bench) -> None:
    bench.run([ANN])
    bench.change(fields=map_fields(name="n", created_at="x", nothing="x"))
    assert "since the last run" not in expect_refusal(bench)


NARROWED = [
    ({"about": {"length": 5}}, "about takes 5 characters instead of 1000"),
    ({"about": {"type": FieldType.CHOICE}}, "about takes choice instead of text"),
    ({"about": {"nullable": False}}, "about cannot be empty"),
    ({"interests": {"restricted": True}}, "interests takes no values but those of its list"),
    ({"balance": {"scale": 0}}, "balance takes numbers of 18 digits before the point and 0 after it instead of 16"),
    ({"balance": {"precision": 5}}, "balance takes numbers of 3 digits before the point and 2 after it instead of 16"),
]


@pytest.mark.parametrize(("change", "words"), NARROWED)
def test_a_field_that_takes_less_stops_the_run_until_that_is_accepted(
    bench: Bench, become: Become, change: dict[str, Any], words: str
) -> None:
    bench.change(fields=map_fields(name="n", about="c", interests="i", balance="b"))
    row = {**ANN, "c": "about", "i": "Chess", "b": "1"}
    bench.run([row])
    become(**change)
    with pytest.raises(RunStopped, match="since the last run") as refused:
        bench.run([{**row, "n": "Changed"}])
    assert words in str(refused.value)
    assert "--accept schema" in (refused.value.hint or "")
    assert bench.names() == {"a": "Ann"}
    bench.run([{**row, "n": "Changed"}], accept=["schema"])
    assert bench.names() == {"a": "Changed"}
    assert bench.run([{**row, "n": "Once more"}]).report.exit == 0, "what was accepted is no news"


def test_a_field_that_takes_more_is_no_news(bench: Bench, become: Become) -> None:
    bench.change(fields=map_fields(name="n", about="c", balance="b", tier="x"))
    row = {**ANN, "c": "about", "b": "1"}
    bench.run([row])
    become(about={"length": 2_000}, balance={"precision": 20}, tier={"restricted": False, "values": ()})
    assert bench.run([{**row, "n": "Changed"}]).report.exit == 0


def test_values_that_a_list_lost_are_told_and_do_not_stop(bench: Bench, become: Become) -> None:
    bench.change(fields=map_fields(name="n", tier="x"))
    bench.run([ANN])
    become(tier={"values": ("Silver", "Gold")})
    (found,) = (each for each in bench.plan([ANN]).findings if "since" in each.message)
    assert (found.message, found.level) == ("since the last run, tier has these values no more: Bronze", "warning")


REGION = Field(name="region", type=FieldType.TEXT, label="Region", required=True)
BOB = {"k": "2", "e": "b", "n": "Bob", "x": None}


def test_a_new_required_field_stops_an_upsert_that_may_create(bench: Bench, become: Become) -> None:
    bench.run([ANN])
    become(new=REGION)
    assert bench.run([{**ANN, "n": "Changed"}]).report.rows.succeeded == 1, "the record is there"
    bench.run([ANN], start_over=True)
    become(more=evolve(REGION, name="country"))
    with pytest.raises(RunStopped, match="are not created without country"):
        bench.run([ANN, BOB])
    assert bench.names() == {"a": "Ann"}


def test_a_new_required_field_is_told_to_an_insert(bench: Bench, become: Become) -> None:
    bench.sync = people(Mode.INSERT, fields=map_fields(external_id="e", name="n"))
    bench.run([ANN], first_run=FirstRun.SEND)
    become(new=REGION)
    assert "people needs a value in region (since the last run: region)" in expect_refusal(bench)


def test_a_new_required_field_means_nothing_to_an_update(bench: Bench, become: Become) -> None:
    bench.store.put("people", external_id="a", name="Ann")
    bench.sync = people(Mode.UPDATE)
    bench.run([ANN])
    become(new=REGION)
    assert bench.run([{**ANN, "n": "Changed"}]).report.rows.succeeded == 1


def test_the_schema_of_a_run_that_stopped_is_not_that_of_the_last_run(bench: Bench, become: Become) -> None:
    bench.change(fields=map_fields(name="n", about="x"))
    bench.run([ANN])
    become(about={"length": 5})
    for _ in range(2):
        assert "about takes 5 characters" in expect_refusal(bench)


@pytest.mark.parametrize("text", ["", "{", '{"name": "people"}', '{"name": 1, "fields": [[]]}'])
def test_a_schema_that_cannot_be_read_says_nothing(bench: Bench, become: Become, text: str) -> None:
    bench.change(fields=map_fields(name="n", about="x"))
    bench.run([ANN])
    (kept,) = (bench.folder / ".connector" / "schemas").iterdir()
    kept.write_text(text)
    become(about={"length": 5})
    assert bench.run([{**ANN, "n": "Changed"}]).report.exit == 0


@pytest.fixture
def both(bench: Bench) -> Bench:
    """A sync of people and guests that has run once."""
    bench.change(objects=("people", "guests"), create_in="guests", fields=map_fields(name="n", about="n", tier="x"))
    bench.run([ANN])
    return bench


def test_what_two_objects_have_apart_is_no_change(both: Bench) -> None:
    both.change(fields=map_fields(name="n", email="y"))
    both.run([{**ANN, "y": None}])
    assert both.run([{**ANN, "n": "Changed", "y": None}]).report.exit == 0


@pytest.mark.parametrize("name", ["people", "guests"])
def test_a_field_of_each_of_several_objects_stops_the_run_when_it_takes_less(
    both: Bench, become: Become, name: str
) -> None:
    become(name, about={"length": 7})
    assert f"since the last run, {name}.about takes 7 characters instead of 1000" in expect_refusal(both)
    assert both.run([{**ANN, "n": "Changed"}], accept=["schema"]).report.exit == 0


@pytest.mark.parametrize(("name", "change"), [("people", None), ("guests", READ_ONLY)])
def test_a_field_that_one_of_several_objects_does_not_take_any_more_stops_the_run(
    both: Bench, become: Become, name: str, change: dict[str, Any] | None
) -> None:
    become(name, about=change)
    assert f"since the last run, {name}.about cannot be written any more" in expect_refusal(both)


def test_a_field_that_no_object_takes_any_more_is_said_of_the_one_that_had_it(both: Bench, become: Become) -> None:
    become(tier=None)
    told = expect_refusal(both)
    assert "people has no field tier (since the last run)" in told
    assert "guests has no field tier (" not in told


def test_a_match_field_that_one_of_several_objects_lacks_now_is_said(both: Bench, become: Become) -> None:
    become("guests", external_id={"unique": False})
    assert "in guests it is not unique (since the last run)" in expect_refusal(both)


def test_a_new_required_field_matters_to_the_object_that_gets_new_records(both: Bench, become: Become) -> None:
    become("people", new=REGION)
    assert not [each for each in both.plan([ANN, BOB]).findings if "since" in each.message]
    become("guests", new=REGION)
    with pytest.raises(RunStopped, match="records of guests are not created without region"):
        both.run([ANN, BOB])
