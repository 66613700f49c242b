from __future__ import annotations

import os
import signal
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from connector_sdk import (
    NOT_EXECUTED,
    Action,
    Column,
    ConfigError,
    ExitCode,
    Kind,
    NotExecuted,
    OnNull,
    Reference,
    RowError,
    Secret,
    Stale,
    Unknown,
)
from connector_sdk.testing.doubles import RecordedAttempt
from connector_sdk.testing.reference import Fault, FaultKind, LostAnswerError, Store, plugin

from .direct import Direct, lines, person

APIS = ["call", "two_phase", "leased_job"]
ANCHORED = ["two_phase", "leased_job"]
KEYS = ["k1", "k2", "k3"]


@pytest.mark.parametrize("api", APIS)
def test_an_upsert_creates_and_then_updates_by_key_without_regard_to_case(direct: Direct, store: Store, api: str):
    first = direct.upsert(person("k1"), person("k2"), api=api)
    again = direct.upsert(person(" K1 ", age=41), person("k3", age=None), api=api)
    assert [each["created"] for each in first + again] == [True, True, False, True]
    assert again[0]["record_id"] == first[0]["record_id"]
    assert [each.get("age") for each in store.records("people")] == [41, None, None]
    assert store.execution_counts("people") == {"k1": 1, "k2": 1, " K1 ": 1, "k3": 1}


def test_every_kind_of_value_comes_back_as_it_was_sent(direct: Direct, store: Store):
    sent = person(
        "k1", email="a@b.c", age=7, active=True, joined=date(2024, 2, 29), wakes=time(6, 30),
        seen=datetime(2024, 1, 2, 3, 4, 5, 678, UTC), balance=Decimal("12345678901234567.89"), tier="Gold",
        interests="Hiking;Chess", source="import",
    )  # fmt: skip
    assert direct.upsert(sent)[0]["status"] == "succeeded"
    (stored,) = store.records("people")
    assert {name: stored[name] for name in sent} == sent


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"name": "x" * 81}, "too_long", "name"),
        ({"name": None}, "required_missing", "name"),
        ({"name": ""}, "required_missing", "name"),
        ({"active": None}, "required_missing", "active"),
        ({"email": "nobody"}, "bad_value", "email"),
        ({"tier": "gold"}, "bad_value", "tier"),
        ({"age": "seven"}, "bad_value", "age"),
        ({"age": True}, "bad_value", "age"),
        ({"active": 1}, "bad_value", "active"),
        ({"height": "tall"}, "bad_value", "height"),
        ({"nicknames": "Bo"}, "bad_value", "nicknames"),
        ({"about": 7}, "bad_value", "about"),
        ({"verified": "me"}, "not_writable", "verified"),
        ({"created_at": "2024-01-01"}, "not_writable", "created_at"),
        ({"account": "a-000009"}, "reference_not_found", "account"),
        ({"shoe_size": 43}, "unknown_field", "shoe_size"),
    ],
)
def test_a_row_that_cannot_be_stored_is_refused_alone_with_a_code_and_the_field(
    direct: Direct, store: Store, change: dict[str, object], code: str, field: str
):
    batch = direct.batch("people", Action.CREATE, [person("k1", **change)])
    good = direct.upsert(person("k2"))
    (bad,) = lines(direct.write(batch))
    assert (bad["status"], bad["code"], bad["fields"]) == ("failed", code, field)
    assert good[0]["status"] == "succeeded"
    assert store.execution_counts("people") == {"k2": 1}


def test_a_unique_value_is_taken_once(direct: Direct):
    direct.upsert(person("k1", badge=7))
    batch = direct.batch("people", Action.CREATE, [person("K1", badge=8), person("k2", badge=7)])
    assert [each["code"] for each in lines(direct.write(batch))] == ["duplicate", "duplicate"]


def test_an_upsert_that_another_batch_was_faster_than_may_be_tried_again_and_a_create_may_not():
    errors = {action: RowError("duplicate", "k1 is taken", action) for action in (Action.UPSERT, Action.CREATE)}
    kinds = {action: plugin.classify_error(error).kind for action, error in errors.items()}
    assert kinds == {Action.UPSERT: Kind.TRANSIENT, Action.CREATE: Kind.REJECTED}


def test_a_create_only_field_is_refused_for_a_record_that_exists(direct: Direct):
    direct.upsert(person("k1", source="import"))
    assert direct.upsert(person("k1", source="other"))[0]["code"] == "not_writable"


def test_a_null_clears_or_keeps_as_the_column_says(direct: Direct, store: Store):
    id_ = store.put("people", **person("k1", email="a@b.c", age=7))
    columns = [Column("email", OnNull.CLEAR), Column("age", OnNull.KEEP)]
    direct.write(direct.batch("people", Action.UPDATE, [{"email": None, "age": None}], ids=[id_], columns=columns))
    (stored,) = store.records("people")
    assert (stored["email"], stored["age"]) == (None, 7)


def test_a_reference_is_found_by_its_key(direct: Direct, store: Store):
    account = store.put("accounts", number="A-1", name="Acme")
    by = Column("account", by=Reference("accounts", "number"))
    rows = [person("k1", account="a-1"), person("k2", account="a-404")]
    columns = [Column("external_id"), Column("name"), by]
    batch = direct.batch("people", Action.UPSERT, rows, columns=columns, match_field="external_id")
    answers = lines(direct.write(batch))
    assert [each["code"] for each in answers] == [None, "reference_not_found"]
    assert store.records("people")[0]["account"] == account


@pytest.mark.parametrize("api", APIS)
def test_what_is_gone_can_be_neither_updated_nor_deleted_and_its_id_is_to_be_forgotten(
    direct: Direct, store: Store, api: str
):
    id_ = store.put("people", **person("k1"))
    delete = direct.batch("people", Action.DELETE, [], ids=[id_], api=api)
    assert lines(direct.write(delete))[0]["status"] == "succeeded"
    assert lines(direct.write(delete, 2))[0]["code"] == "gone"
    update = direct.batch("people", Action.UPDATE, [{"name": "x"}], ids=[id_], api=api)
    assert lines(direct.write(update))[0]["code"] == "gone"
    assert direct.destination.classify_error(RowError("gone", "", Action.DELETE)).record_gone
    assert store.records("people") == ()


def test_matching_follows_the_rules_of_the_field(direct: Direct, store: Store):
    ids = [store.put("people", **person("K1", badge=7)), store.put("people", **person("k2"))]
    match = direct.destination.match
    by_key = match(direct.connection, ["people"], "external_id", pa.array(["k2 ", "k9", "k1"]))
    assert by_key.to_pylist() == [
        {"position": 0, "object_name": "people", "record_id": ids[1]},
        {"position": 2, "object_name": "people", "record_id": ids[0]},
    ]
    assert match(direct.connection, ["people"], "badge", pa.array(["7.0"])).column("record_id").to_pylist() == [ids[0]]
    assert match(direct.connection, ["people"], "id", pa.array([ids[1]])).num_rows == 1
    store.put("people", **person("k3", email="a@b.c"))
    store.put("people", **person("k4", email="a@b.c"))
    assert match(direct.connection, ["people"], "email", pa.array(["a@b.c"])).num_rows == 2


def test_a_list_is_replaced_whole_and_only_at_the_version_it_was_read_at(direct: Direct, store: Store):
    def replace(version: str, *names: str) -> object:
        rows = [{"name": name, "label": name.title()} for name in names]
        return direct.write(direct.batch("tags", Action.REPLACE, rows, api="replace", version=version))

    def read_names() -> tuple[list[str], str]:
        rows, version = direct.destination.read_records(direct.connection, "tags", ["name"])
        return rows.read_all().column("name").to_pylist(), version

    replace(read_names()[1], "red", "green")
    before = read_names()
    assert before[0] == ["red", "green"]
    answers = lines(replace(before[1], "green", "blue"))
    assert [each["created"] for each in answers] == [False, True]
    assert read_names()[0] == ["green", "blue"]
    with pytest.raises(Stale):
        replace(before[1], "red")
    store.add_fault(Fault(FaultKind.MOVED))
    with pytest.raises(Stale):
        replace(read_names()[1], "red")
    lines(replace(read_names()[1], "RED"))
    assert [each["name"] for each in store.records("tags")] == ["RED"]


def test_a_row_is_refused_as_often_as_told(direct: Direct, store: Store):
    store.add_fault(Fault(FaultKind.ROW, key="k2", code="locked", times=2))
    codes = [direct.upsert(person("k1"), person("k2"))[1]["code"] for _ in range(3)]
    assert codes == ["locked", "locked", None]
    assert store.execution_counts("people") == {"k1": 3, "k2": 1}
    assert direct.destination.classify_error(RowError("locked", "", Action.UPSERT)).kind is Kind.TRANSIENT


def test_a_call_is_refused_whole_and_a_large_one_asks_to_be_split(direct: Direct, store: Store):
    store.add_fault(Fault(FaultKind.REFUSED, call="write", code="throttled"))
    store.add_fault(Fault(FaultKind.REFUSED, call="write", code="too_large"))
    with pytest.raises(NotExecuted) as throttled:
        direct.upsert(person("k1"))
    with pytest.raises(NotExecuted) as large:
        direct.upsert(person("k1"))
    assert (throttled.value.code, throttled.value.split, large.value.split) == ("throttled", False, True)
    assert store.execution_counts("people") == {}


def test_the_fault_of_a_row_that_was_not_executed_happens_when_it_is(direct: Direct, store: Store):
    store.add_fault(Fault(FaultKind.PARTIAL))
    store.add_fault(Fault(FaultKind.ROW, key="k2", code="bad"))
    assert [each["status"] for each in direct.upsert(person("k1"), person("k2"))] == ["succeeded", "not_executed"]
    assert [each["code"] for each in direct.upsert(person("k2"))] == ["bad"]


def test_a_partial_result_says_which_rows_were_not_executed(direct: Direct, store: Store):
    store.add_fault(Fault(FaultKind.PARTIAL))
    answers = direct.upsert(*(person(key) for key in KEYS))
    assert [each["status"] for each in answers] == ["succeeded", "succeeded", "not_executed"]
    assert store.execution_counts("people") == {"k1": 1, "k2": 1}


def test_a_lost_single_call_leaves_nothing_to_ask(direct: Direct, store: Store):
    store.add_fault(Fault(FaultKind.CUT_AFTER))
    batch = direct.batch("notes", Action.CREATE, [{"key": "n1"}])
    with pytest.raises(LostAnswerError):
        direct.write(batch)
    assert direct.run.anchors == []
    assert isinstance(direct.recover(batch), Unknown)
    assert store.execution_counts("notes") == {"n1": 1}


CALLS = {"two_phase": ["create_upload", "upload", "commit", "look"], "leased_job": ["open_job", "post", "look"]}
LOSSES = [FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER, FaultKind.LATE]


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize(("api", "call"), [(api, call) for api, calls in CALLS.items() for call in calls])
@pytest.mark.parametrize("restarted", [False, True])
def test_whatever_answer_is_lost_the_rows_are_inserted_once(
    direct: Direct, store: Store, api: str, call: str, kind: FaultKind, restarted: bool
):
    direct.write(direct.batch("notes", Action.CREATE, [{"key": "n0"}], api=api))
    if call == "open_job":
        direct.restart()
    store.add_fault(Fault(kind, call=call, wait=3))
    batch = direct.batch("notes", Action.CREATE, [{"key": key} for key in KEYS], api=api)
    with pytest.raises(LostAnswerError):
        direct.write(batch)
    if restarted:
        direct.restart()
    settled = direct.recover(batch)
    if settled is NOT_EXECUTED:
        settled = direct.write(batch, 2)
    store.deliver_late()
    assert [each["status"] for each in lines(settled)] == ["succeeded"] * 3
    assert store.execution_counts("notes") == dict.fromkeys(["n0", *KEYS], 1)
    assert len(store.records("notes")) == 4


@pytest.mark.parametrize("api", ANCHORED)
def test_a_job_is_anchored_before_anything_in_it_is_executed(direct: Direct, store: Store, api: str):
    executed: list[int] = []

    class Watching(RecordedAttempt):
        def anchor(self, step: str, **handle: str) -> None:
            executed.append(len(store.execution_counts("notes")))
            super().anchor(step, **handle)

    batch = direct.batch("notes", Action.CREATE, [{"key": "n1"}], api=api)
    attempt = Watching(direct.run, batch.number, 1)
    direct.destination.write_batch(direct.connection, batch, direct.options, attempt)
    assert executed[0] == 0
    assert store.execution_counts("notes") == {"n1": 1}


def test_the_anchors_of_an_earlier_attempt_do_not_claim_a_batch_of_somebody_else(direct: Direct, store: Store):
    """Refused, the job is given back; another batch posts into it and dies before it is anchored."""
    first = direct.batch("notes", Action.CREATE, [{"key": "n1"}], api="leased_job")
    store.add_fault(Fault(FaultKind.REFUSED, call="post", code="throttled"))
    with pytest.raises(NotExecuted):
        direct.write(first)
    store.add_fault(Fault(FaultKind.CUT_AFTER, call="post"))
    second = direct.batch("notes", Action.CREATE, [{"key": "n2"}], api="leased_job")
    with pytest.raises(LostAnswerError):
        direct.write(second)
    direct.restart()
    assert direct.recover(first, 2) is NOT_EXECUTED
    assert lines(direct.recover(second))[0]["status"] == "succeeded"


def test_jobs_are_shared_by_batches_and_closed_only_in_doubt(direct: Direct, store: Store):
    for key in KEYS:
        direct.write(direct.batch("notes", Action.CREATE, [{"key": key}], api="leased_job"))
    assert {each.handle["job"] for each in direct.run.anchors} == {"1"}
    assert [each.call for each in store.batches()] == ["post"] * 3


def test_a_slow_job_is_looked_at_until_it_is_done(direct: Direct, store: Store):
    store.add_fault(Fault(FaultKind.SLOW, times=3))
    batch = direct.batch("notes", Action.CREATE, [{"key": "n1"}], api="two_phase")
    assert lines(direct.write(batch))[0]["status"] == "succeeded"
    assert [each.url.rpartition("/")[2] for each in direct.host.calls].count("look") == 4


def test_a_call_may_arrive_twice(direct: Direct, store: Store):
    store.add_fault(Fault(FaultKind.TWICE, call="write"))
    direct.upsert(person("k1"))
    direct.upsert(person("k2"))
    assert store.execution_counts("people") == {"k1": 2, "k2": 1}


def test_an_account_that_asks_for_a_token_refuses_others_and_the_token_is_hidden(path: str, direct: Direct):
    Store.at(path).become(token="s3cret-token")
    with pytest.raises(ConfigError, match="token") as refused:
        direct.destination.connect(plugin.Config(path, Secret("another")), direct.host)
    assert refused.value.exit_code is ExitCode.UNREACHABLE
    direct.destination.connect(plugin.Config(path, Secret("s3cret-token")), direct.host)
    assert "s3cret-token" in direct.host.hidden


def test_another_account_is_another_id(tmp_path: Path):
    one, two = Store.at(tmp_path / "one.db"), Store.at(tmp_path / "two.db")
    assert one.account != two.account
    again = Store.at(tmp_path / "one.db")
    assert again.account == one.account
    again.become(account="moved")
    assert one.account == "moved"
    for each in (one, two, again):
        each.close()


def test_what_was_executed_survives_the_writers_death(tmp_path: Path):
    path = str(tmp_path / "destination.db")
    child = os.fork()
    if not child:
        Store.at(path).put("people", **person("k1"))
        Store.at(path).request("write", body='{"object_name": "people", "action": "create", "lines": []}')
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    store = Store.at(path)
    assert [each["external_id"] for each in store.records("people")] == ["k1"]
    assert len(store.batches()) == 1
    store.close()


def test_an_object_that_does_not_exist_is_a_clear_error(direct: Direct):
    with pytest.raises(ConfigError, match="there are people, accounts"):
        direct.destination.discover_schema(direct.connection, "peple")


def test_a_guest_that_became_a_person_is_found_there_and_not_changed_any_more(direct: Direct, store: Store):
    guest = store.put("guests", external_id="g1", name="Guest", about="shy", table="7")
    person_id = store.convert(guest)
    assert store.records("people")[0] | {"created_at": None} == {
        "id": person_id, "external_id": "g1", "name": "Guest", "about": "shy", "active": False, "created_at": None,
    }  # fmt: skip
    (line,) = lines(direct.write(direct.batch("guests", Action.UPDATE, [{"name": "Other"}], ids=[guest])))
    assert line["code"] == "converted"
    for objects, expected in (
        (["people", "guests"], [("people", person_id)] * 2),
        (["guests"], [("guests", guest)]),
    ):
        found = direct.destination.match(direct.connection, objects, "external_id", pa.array(["g1"])).to_pylist()
        assert [(each["object_name"], each["record_id"]) for each in found] == expected


def test_a_guest_may_be_converted_just_before_its_row_is_executed(direct: Direct, store: Store):
    ids = [store.put("guests", external_id=key, name="Guest") for key in KEYS]
    store.add_fault(Fault(FaultKind.CONVERTED, key="k2"))
    found = lines(direct.write(direct.batch("guests", Action.UPDATE, [{"name": "New"}] * 3, ids=ids)))
    assert [each["code"] for each in found] == [None, "converted", None]
    assert [each["external_id"] for each in store.records("people")] == ["k2"]


def test_a_value_of_a_type_that_the_service_does_not_have_is_refused(store: Store):
    with pytest.raises(TypeError, match=r"b'\\xff' cannot travel"):
        store.put("people", external_id="k1", name=b"\xff")
    assert store.records("people") == ()
