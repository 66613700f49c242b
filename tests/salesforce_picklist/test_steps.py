"""By which writes one list becomes another, as Salesforce takes them."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pytest
from attrs import evolve
from connector_salesforce_picklist.changes import Wanted, holds, plan_change
from connector_salesforce_picklist.dependencies import find_dependent_values
from connector_salesforce_picklist.picklist import Kind, Picklist
from connector_salesforce_picklist.restore import plan_restore
from connector_salesforce_picklist.values import Value, is_same, same
from connector_salesforce_picklist.writing import find_remaining_steps
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.sampled_from("abcde")


def picklist(*values: tuple[str, str, bool], default: str = "") -> Picklist:
    """Return a restricted custom field. Each value has a name, a label and whether it is active."""
    raw = [
        {"valueName": name, "label": label, "isActive": None if active else False, "default": name == default}
        for name, label, active in values
    ]
    tree = {"label": "Tier", "valueSet": {"restricted": True, "valueSetDefinition": {"sorted": False, "value": raw}}}
    return Picklist("Account", "Tier__c", Kind.FIELD, "Account.Tier__c", tree, "00N")


def write(org: Picklist, step: Picklist) -> Picklist:
    """Write a step as Salesforce does. Fail if another active value has the same label before or after it."""
    before = {each.key: each for each in org.active}
    labels: dict[str, str] = {}
    for each in step.active:
        holder = labels.setdefault(same(each.label), each.key)
        held = {same(other.label) for key, other in before.items() if key != each.key}
        new = each.key not in before or same(before[each.key].label) != same(each.label)
        assert holder == each.key, f"two values have the label {each.label}"
        assert not (new and same(each.label) in held), f"the label {each.label} is taken"
    assert sum(each.default for each in step.values) <= 1
    return step


@st.composite
def lists(draw: st.DrawFn) -> Picklist:
    names = draw(st.lists(NAMES, unique=True))
    labels = draw(st.permutations([f"L{number}" for number in range(len(names))]))
    active = draw(st.lists(st.booleans(), min_size=len(names), max_size=len(names)))
    chosen = [name for name, is_active in zip(names, active, strict=True) if is_active]
    default = draw(st.sampled_from(["", *chosen]))
    return picklist(*zip(names, labels, active, strict=True), default=default)


def rows(names: Sequence[str], labels: Sequence[str | None]) -> list[Wanted]:
    return [Wanted(name, label) for name, label in zip(names, labels, strict=False)]


@given(lists(), st.lists(NAMES, unique=True), st.permutations([f"L{number}" for number in range(5)]))
def test_every_list_is_reached_by_writes_that_salesforce_takes(
    org: Picklist, names: list[str], labels: list[str]
) -> None:
    change = plan_change(org, rows(names, labels), "key")
    for step in change.steps:
        org = write(org, step)
    assert {each.name: each.label for each in org.active} == dict(zip(names, labels, strict=False))
    assert {each.key for each in change.before.values} <= {each.key for each in org.values}
    assert plan_change(org, rows(names, labels), "key").steps == ()


@given(lists(), st.lists(NAMES, unique=True), st.permutations([f"L{number}" for number in range(5)]))
def test_every_list_is_brought_back_by_writes_that_salesforce_takes(
    former: Picklist, names: list[str], labels: list[str]
) -> None:
    org = plan_change(former, rows(names, labels), "key").after
    for step in plan_restore(org, former).steps:
        org = write(org, step)
    assert holds(org, former)
    assert [each.name for each in org.values][: len(former.values)] == [each.name for each in former.values]
    assert plan_restore(org, former).steps == ()


def test_a_list_of_another_order_of_rows_is_the_same_list() -> None:
    org = picklist(("a", "A", True), ("b", "B", True))
    assert plan_change(org, rows(["b", "a"], [None, None]), "model").steps == ()


def test_what_is_said_in_json_and_in_xml_is_alike() -> None:
    assert is_same(True, "true")
    assert is_same(None, "false")
    assert is_same(10, "10")
    assert not is_same(True, None)
    assert Value({"fullName": "a", "isActive": "false"}).active is False
    assert Value({"fullName": "a"}).active is True


@pytest.mark.parametrize("cut", [False, True])
def test_a_value_leans_on_the_values_whose_bits_are_set(cut: bool) -> None:
    names = [f"v{number}" for number in range(20)]
    bits = bytearray(3)
    for place in (0, 9):
        bits[place >> 3] |= 0x80 >> (place & 7)
    valid_for = base64.b64encode(bytes(bits[:2] if cut else bits)).decode()
    described = {"fields": [
        {"name": "Region__c", "picklistValues": [{"value": each} for each in names]},
        {"name": "Size__c", "controllerName": "Region__c", "picklistValues": [{"value": "x", "validFor": valid_for}]},
    ]}  # fmt: skip
    assert list(find_dependent_values(described, "Region__c", names)) == [("Size__c", "v0"), ("Size__c", "v9")]


def test_what_somebody_changes_between_two_writes_of_one_list_stays() -> None:
    former = picklist(("a", "A", True), ("b", "B", True))
    steps = plan_change(former, rows(["b", "c"], [None, "A"]), "key").steps
    assert len(steps) == 2
    current = evolve(steps[0], tree={**steps[0].tree, "inlineHelpText": "new"})
    (left,) = find_remaining_steps(current, former, steps) or ()
    assert left.tree["inlineHelpText"] == "new"
    assert [each.name for each in left.active] == ["b", "c"]


def test_a_list_that_is_at_none_of_its_steps_was_moved_by_somebody_else() -> None:
    former = picklist(("a", "A", True), ("b", "B", True))
    steps = plan_change(former, rows(["b", "c"], [None, None]), "key").steps
    assert find_remaining_steps(former, former, steps) == steps
    assert find_remaining_steps(steps[-1], former, steps) == ()
    assert find_remaining_steps(picklist(("x", "X", True)), former, steps) is None
    helped = evolve(former, tree={**former.tree, "inlineHelpText": "new"})
    assert find_remaining_steps(helped, former, steps) is None
