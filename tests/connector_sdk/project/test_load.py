from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector_sdk import (
    ConfigError,
    DeliveryOptions,
    FieldMapping,
    Find,
    Guards,
    Keep,
    Match,
    Merge,
    Mode,
    OnNull,
    Removal,
)
from connector_sdk.project.load import load_project
from tests.connector_sdk.project.conftest import EXAMPLE, Loading

Write = Callable[[str], Path]


def replace_fields(fields: str) -> str:
    return EXAMPLE.replace("fields: {Name: name}", f"fields: {fields}")


def test_every_key_of_the_example_arrives_in_the_words(write: Write) -> None:
    project = load_project(write(EXAMPLE))
    sync = project.syncs["contacts"]
    assert (sync.model, sync.connection, sync.objects, sync.create_in) == (
        "contacts", "crm", ("Contact", "Lead"), "Lead",
    )  # fmt: skip
    assert (sync.mode, sync.on_removed) == (Mode.UPSERT, Removal.CLEAR)
    assert sync.match == Match("External_Id__c", "contact_id")
    assert sync.fields == (
        FieldMapping(field="LastName", column="last_name"),
        FieldMapping(field="Email", column="email", null=OnNull.KEEP),
        FieldMapping(field="Nickname", column="nick", truncate=True),
        FieldMapping(field="LeadSource", value="Warehouse"),
        FieldMapping(field="AccountId", find=Find("Account", "account_key", "Unique_Key__c"), null=OnNull.KEEP),
    )
    assert sync.merge == Merge("person", is_child="duplicate")
    assert sync.guards == Guards(max_removed="5%", min_rows=0, max_changed=1000)
    assert sync.delivery == DeliveryOptions(
        api="bulk", batch_size=1000, batch_bytes=5_000_000, parallelism=1, split_retries=False, retry_codes=("BUSY",)
    )
    assert sync.options == {"hard_delete": True}
    assert project.models["contacts"].primary_key == ("contact_id",)
    assert project.models["accounts"].primary_key == ("region", "account_key")
    assert project.sequences == {"nightly": ("accounts", "contacts")}
    assert project.keep == Keep(7, 3)
    assert project.connections["crm"].type == "ledger"


def test_a_lookup_can_be_in_several_objects_and_narrowed_by_further_fields(write: Write) -> None:
    narrowed = "{find: [A, B], equals: k, where: F, and: {Kind: Shop, Open: true, Since: 2026-01-31, Size: 1.50}}"
    (mapping,) = load_project(write(replace_fields(f"{{Parent: {narrowed}}}"))).syncs["accounts"].fields
    conditions = {"Kind": "Shop", "Open": True, "Since": date(2026, 1, 31), "Size": Decimal("1.50")}
    assert mapping == FieldMapping(field="Parent", find=Find(("A", "B"), "k", "F", conditions))


@pytest.mark.parametrize(
    ("narrowed", "place"),
    [
        ("{find: A, equals: k, and: {Kind: null}}", "and.Kind"),
        ("{find: A, equals: k, and: {Kind: [Shop, School]}}", "and.Kind"),
        ("{find: A, equals: k, and: Kind}", "and"),
        ("{find: A, equals: k, and_: {Kind: Shop}}", "and_"),
        ("{find: [], equals: k}", "find"),
        ("{find: [1], equals: k}", "find"),
    ],
)
def test_a_lookup_that_is_not_written_right_is_refused_with_its_place(
    refused: Loading, narrowed: str, place: str
) -> None:
    found = {".".join(str(part) for part in each.path): each for each in refused(replace_fields(f"{{P: {narrowed}}}"))}
    assert any(each.startswith(f"syncs.accounts.fields.P.{place}") for each in found), found
    assert all(each.line and each.hint for each in found.values())


def test_what_a_file_leaves_out_has_the_defaults_of_the_words(write: Write) -> None:
    sync = load_project(write(EXAMPLE)).syncs["accounts"]
    assert (sync.on_removed, sync.guards, sync.delivery) == (Removal.NOTHING, Guards(), DeliveryOptions())


def test_a_folder_stands_for_the_connector_yml_in_it(write: Write, tmp_path: Path) -> None:
    write(EXAMPLE)
    project = load_project(tmp_path)
    assert (project.folder, project.file) == (str(tmp_path), str(tmp_path / "connector.yml"))
    assert project.models["contacts"].folder == str(tmp_path)


def test_secrets_are_not_read_while_loading(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_SECRET", "very-secret")
    assert "very-secret" not in repr(load_project(write(EXAMPLE)))


@pytest.mark.parametrize(("written", "sent"), [("on", True), ("off", False), ("true", True), ("false", False)])
def test_a_switch_is_written_in_words_or_as_a_boolean(write: Write, written: str, sent: bool) -> None:
    text = EXAMPLE.replace("split_retries: off", f"split_retries: {written}, lock_aware: {written}")
    delivery = load_project(write(text)).syncs["contacts"].delivery
    assert (delivery.split_retries, delivery.lock_aware) == (sent, sent)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("true", True),
        ("007", "007"),
        ("12:30", "12:30"),
        ("42", 42),
        ("1.10", Decimal("1.10")),
        ("12345678901234567.89", Decimal("12345678901234567.89")),
        ("2026-01-31", date(2026, 1, 31)),
        ('"2026-01-31"', "2026-01-31"),
    ],
)
def test_a_constant_is_what_a_person_would_read(write: Write, written: str, value: object) -> None:
    mapping = load_project(write(replace_fields(f"{{Name: {{value: {written}}}}}"))).syncs["accounts"].fields[0]
    assert mapping.value == value
    assert type(mapping.value) is type(value)


@pytest.mark.parametrize("written", ["none", "null", ""])
def test_a_guard_is_switched_off_by_none(write: Write, written: str) -> None:
    text = EXAMPLE.replace("max_removed: 5%", f"max_removed: {written}")
    assert load_project(write(text)).syncs["contacts"].guards.max_removed is None


def test_a_relative_secret_file_is_found_from_the_project(write: Write, tmp_path: Path) -> None:
    project = load_project(write(EXAMPLE.replace('"${LEDGER_SECRET}"', '"${file:keys/secret}"')))
    assert project.connections["crm"].settings["auth"]["client_secret"] == f"${{file:{tmp_path}/keys/secret}}"


TWENTY = """\
version: 2
conections: {}
connections:
  crm: {login: x}
  CRM: {type: 5}
models:
  a: {primary_key: id}
  b: {file: x, sql: y, primary_key: [id, id]}
  c: {file: x, primary_key: []}
  d: {file: x, primary_key: id, typos: {}}
  d: {}
syncs:
  one:
    model: aa
    connection: crn
    object: X
    mode: upsrt
    fields:
      A: {colum: x}
      B: {find: Account, equal: k}
      C: {column: x, null: kep}
    on_removed: wipe
    guards: {max_removed: 101%}
    options: {split_retries: onn}
sequences:
  one: [one, one, won]
"""


def test_twenty_problems_are_reported_at_once_each_with_line_and_next_step(refused: Loading, tmp_path: Path) -> None:
    problems = refused(TWENTY)
    found = {(problem.line, ".".join(str(part) for part in problem.path)) for problem in problems}
    assert found == {
        (1, "version"), (2, "conections"), (4, "connections.crm"), (5, "connections.CRM"), (5, "connections.CRM.type"),
        (7, "models.a"), (8, "models.b"), (8, "models.b.primary_key"), (9, "models.c.primary_key"),
        (10, "models.d.typos"), (11, "models.d"), (14, "syncs.one.model"), (15, "syncs.one.connection"),
        (17, "syncs.one.mode"), (19, "syncs.one.fields.A"), (20, "syncs.one.fields.B"),
        (20, "syncs.one.fields.B.equal"), (21, "syncs.one.fields.C.null"), (22, "syncs.one.on_removed"),
        (23, "syncs.one.guards.max_removed"), (24, "syncs.one.options.split_retries"), (26, "sequences.one"),
        (26, "sequences.one.1"), (26, "sequences.one.2"),
    }  # fmt: skip
    assert all(problem.hint and problem.file == str(tmp_path / "connector.yml") for problem in problems)


@pytest.mark.parametrize(
    ("before", "after", "hint"),
    [
        ("mode: upsert", "mode: Upsrt", "did you mean upsert?"),
        ("model: contacts", "model: contact", "did you mean contacts?"),
        ("connection: crm", "connection: crn", "did you mean crm?"),
        ("on_removed: clear", "on_remove: clear", "did you mean on_removed?"),
        ("null: keep}\n      Nick", "null: keeep}\n      Nick", "did you mean keep?"),
        ("[accounts, contacts]", "[acounts, contacts]", "did you mean accounts?"),
        ("batch_size: 1000", 'batch_size: "1000"', "take the quotes away"),
        ("object: [Contact, Lead]", "object: 5", "write it in one of these forms"),
        ("match: {field: External_Id__c, column: contact_id}", "match: id", "write match: {field: ..., column: ...}"),
        ("LastName: last_name", "LastName: 5", "write text, or one of {column} | {value} | {find, equals}"),
        ("nightly: [accounts, contacts]", "nightly: accounts", "write a list: [accounts]"),
        ("shared_id: person, ", "", "add shared_id: The column whose value the rows of one record share."),
    ],
)
def test_a_refusal_says_what_was_probably_meant(refused: Loading, before: str, after: str, hint: str) -> None:
    assert hint in [problem.hint for problem in refused(EXAMPLE.replace(before, after, 1))]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("{Name: {column: a, value: b}}", "exactly one of {column} | {value} | {find, equals}"),
        ("{Name: {}}", "exactly one of"),
        ("{Name: 5}", "must be text or a mapping, not a number"),
        ("{Name: }", "must be text or a mapping, not nothing"),
        ("{Name: {value: }}", "not nothing"),
        ("{Name: {value: a, null: keep}}", "the key null is not known here"),
    ],
)
def test_a_field_has_exactly_one_form(refused: Loading, fields: str, said: str) -> None:
    (problem,) = refused(replace_fields(fields))
    assert said in problem.message
    assert problem.path[:4] == ("syncs", "accounts", "fields", "Name")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{value: Shop}", "takes one value, not a mapping — write Kind: Shop"),
        ("[Shop]", "takes one value, not a list — write Kind: Shop"),
        ("[Shop, School]", "takes one value, not a list — write Kind: Shop, or another single value"),
        ("[true]", "takes one value, not a list — write Kind: true"),
        ("[[Shop]]", "takes one value, not a list — write one value"),
        ("[]", "takes one value, not a list — write one value"),
        ("", "must be text, a number, true or false, or a date, not nothing — write it in one of these forms"),
    ],
)
def test_a_place_for_one_value_takes_no_list_and_no_mapping(refused: Loading, written: str, said: str) -> None:
    (problem,) = refused(replace_fields(f"{{P: {{find: A, equals: k, and: {{Kind: {written}}}}}}}"))
    assert (f"{problem.message} — {problem.hint}", problem.path[-1]) == (said, "Kind")


def test_a_place_for_a_name_or_a_list_of_names_takes_no_mapping(refused: Loading) -> None:
    (problem,) = refused(replace_fields("{P: {find: {object: A}, equals: k}}"))
    assert problem.message == "must be text or a list, not a mapping"


def test_a_value_in_place_of_a_mapping_is_answered_with_its_form(refused: Loading) -> None:
    (problem,) = refused(replace_fields("{P: {find: A, equals: k, and: Shop}}"))
    assert problem.hint == "write name: value lines below it, or and: {name: value}"


@pytest.mark.parametrize("section", ["connections", "models", "syncs", "sequences"])
@pytest.mark.parametrize(
    "name", ["Contacts", "a b", "_a", "a/b", "..", "../../etc", "a/../../b", "/etc", "'C:\\x'", '"a\\n"', "a" * 65]
)
def test_a_name_that_would_be_unsafe_in_a_path_is_refused(refused: Loading, section: str, name: str) -> None:
    content = "[one]" if section == "sequences" else "{file: x, primary_key: id}"
    problems = refused(f"version: 1\n{section}:\n  {name}: {content}\n")
    assert [problem.line for problem in problems if "lower-case letters" in problem.hint] == [3]


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("", "the file is empty", None),
        ("# nothing but a comment\n", "the file is empty", None),
        ("version: 1\nmodels: {a: [}\n", "this is not YAML", 2),
        ("version: 1\nversion: 1\n", "the key version is repeated", 2),
        ("version: 1\nkeep: !!python/object:os.system {}\n", "the tag", 2),
        ("version: 1\nkeep: !env X\n", "the tag", 2),
        ("version: 1\nkeep: !!int many\n", "many is no int", 2),
        ("version: 1\n? [a, b]\n: 1\n", "a key must be text", 2),
        ("version: 1\n---\nversion: 1\n", "this is not YAML", 2),
        ("- version\n", "must be a mapping, not a list", 1),
        ("version: 1\nkeep: " + "[" * 200 + "]" * 200, "nested too deeply", 2),
        ("version: 1\nkeep: &loop [*loop]\n", "aliases", 2),
    ],
)
def test_a_file_that_is_no_project_is_refused_with_its_line(
    refused: Loading, text: str, said: str, line: int | None
) -> None:
    problems = refused(text)
    assert said in problems[0].message
    assert problems[0].line == line
    assert problems[0].hint


def test_aliases_that_stand_for_billions_of_values_are_refused(refused: Loading) -> None:
    lines = ["version: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "aliases in this file expand to too much" in refused("\n".join(lines))[0].message


def test_an_alias_is_followed(write: Write) -> None:
    text = EXAMPLE.replace("fields: {Name: name}", "fields: {Name: &a {column: x}, Site: *a}")
    fields = load_project(write(text)).syncs["accounts"].fields
    assert [(field.field, field.column) for field in fields] == [("Name", "x"), ("Site", "x")]


def test_a_project_that_is_not_there_says_how_to_name_or_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path)
    assert "connector init" in str(caught.value)


def test_a_file_in_another_encoding_is_refused_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "connector.yml"
    file.write_bytes(b"version: 1\nmodels: {caf\xe9: {}}\n")
    with pytest.raises(ConfigError) as caught:
        load_project(file)
    assert caught.value.problems[0].line == 2


SCRAPS = """
version 1 2 connections models syncs sequences keep type file sql primary_key model connection object mode match fields
column value find null true upsert 10% 1.5 2026-02-30 ~ x & * &a *a ! !!int - ? | > ' " # : , [ ] { } << ${X}
"""
scraps = st.sampled_from([*SCRAPS.split(), "\t", "\0", "\x85", ""])
documents = st.one_of(
    st.text(max_size=80),
    st.lists(scraps, max_size=30).map(" ".join),
    st.lists(st.tuples(st.integers(0, 4), scraps, scraps), max_size=20).map(
        lambda lines: "\n".join(f"{'  ' * depth}{key}: {value}" for depth, key, value in lines)
    ),
)


def is_loaded_or_refused(file: Path) -> bool:
    try:
        load_project(file)
    except ConfigError as error:
        return bool(error.problems) and all(problem.message and problem.hint for problem in error.problems)
    return True


@given(document=documents)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_document_raises_anything_but_a_config_error(document: str, tmp_path: Path) -> None:
    file = tmp_path / "connector.yml"
    file.write_bytes(document.encode("utf-8", "surrogatepass"))
    assert is_loaded_or_refused(file)


sections = st.dictionaries(
    st.sampled_from(["connections", "models", "syncs", "sequences", "keep"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scraps, inner, max_size=4),
        max_leaves=12,
    ),
)


@given(content=sections)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_content_of_a_section_raises_anything_but_a_config_error(content: dict[str, object], tmp_path: Path) -> None:
    file = tmp_path / "connector.yml"
    file.write_text(json.dumps({"version": 1, **content}), encoding="utf-8")
    assert is_loaded_or_refused(file)


def test_a_reference_may_stand_unquoted_between_braces(tmp_path: Path) -> None:
    (tmp_path / "connector.yml").write_text(
        "version: 1\nconnections:\n  crm: {type: shelf, token: ${SHELF_TOKEN}, url: 'https://${HOST}/x'}\n"
    )
    settings = load_project(tmp_path / "connector.yml").connections["crm"].settings
    assert settings == {"token": "${SHELF_TOKEN}", "url": "https://${HOST}/x"}
