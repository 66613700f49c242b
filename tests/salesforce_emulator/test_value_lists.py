"""What becomes of a list of picklist values when another one is written over it."""

from __future__ import annotations

import attrs
import pytest
from salesforce_emulator.errors import RowRefused
from salesforce_emulator.metadata.value_list import Bounds, replace_values
from salesforce_emulator.org.picklists import PicklistValue

BOUNDS = Bounds("Tier", most=5)
PRESENT = (
    PicklistValue("gold", "Gold", default_value=True, color="#D4AF37"),
    PicklistValue("silver", "Silver"),
    PicklistValue("old", "Old", active=False),
)


def make_values(*texts: str) -> tuple[PicklistValue, ...]:
    return tuple(PicklistValue(text, text.title()) for text in texts)


def active(values: tuple[PicklistValue, ...]) -> list[str]:
    return [value.value for value in values if value.active]


def refusal(values: tuple[PicklistValue, ...], bounds: Bounds = BOUNDS) -> tuple[str, str]:
    with pytest.raises(RowRefused) as refused:
        replace_values(PRESENT, values, bounds)
    return refused.value.fault.code, refused.value.fault.message


def test_what_is_not_sent_is_deactivated_and_stands_at_the_end() -> None:
    after = replace_values(PRESENT, make_values("new", "silver"), BOUNDS)
    assert [value.value for value in after] == ["new", "silver", "gold", "old"]
    assert active(after) == ["new", "silver"]
    assert not any(value.default_value for value in after)


def test_a_list_that_keeps_what_is_omitted_only_grows() -> None:
    after = replace_values(PRESENT, make_values("new"), attrs.evolve(BOUNDS, keeps_omitted=True))
    assert active(after) == ["new", "gold", "silver"]


def test_names_are_the_same_in_any_case_and_keep_their_spelling() -> None:
    after = replace_values(PRESENT, make_values("GOLD", "OLD"), BOUNDS)
    assert active(after) == ["gold", "old"]


def test_everything_about_a_value_but_its_name_is_replaced() -> None:
    [gold, *_] = replace_values(PRESENT, (PicklistValue("gold", "First"),), BOUNDS)
    assert gold == PicklistValue("gold", "First")


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        ((), "FIELD_INTEGRITY_EXCEPTION", "Tier: a picklist needs at least one value"),
        (make_values("new", "NEW"), "DUPLICATE_VALUE", "Duplicate picklist value:new"),
        (make_values(""), "REQUIRED_FIELD_MISSING", "Required fields are missing: [valueName]"),
        (make_values("n" * 256), "STRING_TOO_LONG", f"valueName: data value too large: {'n' * 256} (max length=255)"),
        (
            (PicklistValue("n", "l" * 256),),
            "STRING_TOO_LONG",
            f"label: data value too large: {'l' * 256} (max length=255)",
        ),
        (
            (PicklistValue("n", "n", description="d" * 256),),
            "STRING_TOO_LONG",
            f"description: data value too large: {'d' * 256} (max length=255)",
        ),
        ((*make_values("gold"), PicklistValue("new", "GOLD")), "FIELD_INTEGRITY_EXCEPTION", "Duplicate label: Gold"),
        (
            make_values("a", "b", "c"),
            "TOO_MANY_ENUM_VALUE",
            "Tier: exceeded the maximum number of values: 6 (maximum 5)",
        ),
        (
            tuple(attrs.evolve(value, default_value=True) for value in make_values("a", "b")),
            "FIELD_INTEGRITY_EXCEPTION",
            "Tier: only one value can be the default: a, b",
        ),
        (
            (PicklistValue("a", "A", active=False, default_value=True),),
            "FIELD_INTEGRITY_EXCEPTION",
            "Tier: an inactive value cannot be the default: a",
        ),
    ],
)
def test_a_list_is_refused(values: tuple[PicklistValue, ...], code: str, message: str) -> None:
    assert refusal(values) == (code, message)


def test_a_label_moves_in_two_writes() -> None:
    moved = (PicklistValue("premium", "Gold"),)
    assert refusal(moved) == ("FIELD_INTEGRITY_EXCEPTION", "Duplicate label: Gold")
    without = replace_values(PRESENT, make_values("silver"), BOUNDS)
    assert active(replace_values(without, moved, BOUNDS)) == ["premium"]


def test_two_active_values_may_swap_their_labels() -> None:
    swapped = (PicklistValue("gold", "Silver"), PicklistValue("silver", "Gold"))
    assert [value.label for value in replace_values(PRESENT, swapped, BOUNDS)[:2]] == ["Silver", "Gold"]


def test_active_and_inactive_values_have_bounds_of_their_own() -> None:
    bounds = Bounds("Tier", most_active=2, most_inactive=2)
    assert refusal(make_values("a", "b", "c"), bounds)[0] == "TOO_MANY_ENUM_VALUE"
    assert refusal(make_values("a", "b"), bounds)[0] == "PICKLIST_INACTIVE_VALUES_EXCEEDED"
    assert active(replace_values(PRESENT, make_values("a", "gold"), bounds)) == ["a", "gold"]


def test_a_record_that_holds_several_values_parts_them_by_semicolons() -> None:
    assert refusal(make_values("a;b"), Bounds("Tier", several=True))[0] == "FIELD_INTEGRITY_EXCEPTION"
    assert active(replace_values(PRESENT, make_values("a;b"), Bounds("Tier"))) == ["a;b"]


def test_values_of_a_package_stay_as_they_are_and_others_join_them() -> None:
    managed = (PicklistValue("open", "Open", managed=True), PicklistValue("shut", "Shut", managed=True))
    joined = replace_values(managed, (*managed, *make_values("new")), BOUNDS)
    assert [(value.value, value.managed) for value in joined] == [("open", True), ("shut", True), ("new", False)]
    changes = (managed[:1], (managed[0], attrs.evolve(managed[1], label="Closed")))
    for values in changes:
        with pytest.raises(RowRefused, match="cannot modify managed object") as refused:
            replace_values(managed, values, BOUNDS)
        assert refused.value.fault.code == "CANNOT_MODIFY_MANAGED_OBJECT"
    with pytest.raises(RowRefused, match="cannot modify managed object"):
        replace_values(managed, (*managed, *make_values("new")), attrs.evolve(BOUNDS, locked=True))
