"""Names of functions: participles and bare adverbs are refused, verbs and nouns pass."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.language.finding import Rule
from tests.language.names import check_names
from tests.language.word_lists import ADVERBS, PARTICIPLES, VERBS


def refused_names(source: str) -> list[str]:
    return [finding.wrong.split()[2] for finding in check_names(ast.parse(source))]


@pytest.mark.parametrize(
    "name",
    ["told", "_told", "_awaited", "told_apart", "planned_by", "left_out", "executed_nothing", "waiting", "gave_up"],
)
def test_a_participle_is_no_name(name: str) -> None:
    assert refused_names(f"def {name}(): ...") == [name]


@pytest.mark.parametrize("name", ["_so_far", "again", "quietly", "one_by_one"])
def test_an_adverb_is_no_name(name: str) -> None:
    assert refused_names(f"def {name}(): ...") == [name]


@pytest.mark.parametrize(
    "name",
    ["tell", "read", "set", "put_back", "split", "cut", "let", "reset", "rejected_keys", "missing_fields", "feed"],
)
def test_verbs_and_nouns_are_names(name: str) -> None:
    assert refused_names(f"def {name}(): ...") == []


@pytest.mark.parametrize("name", ["read_once", "is_known", "tell_apart", "run_in_turn", "need"])
def test_a_name_with_a_verb_may_end_as_it_likes(name: str) -> None:
    assert refused_names(f"def {name}(): ...") == []


@pytest.mark.parametrize(
    "decorator",
    ["property", "cached_property", "functools.cached_property", "pytest.fixture", "fixture(scope='module')"],
)
def test_properties_and_fixtures_are_free(decorator: str) -> None:
    assert refused_names(f"@{decorator}\ndef told(): ...") == []


def test_another_decorator_frees_no_name() -> None:
    assert refused_names("@cache\ndef told(): ...") == ["told"]


def test_tests_and_the_methods_of_python_are_free() -> None:
    assert refused_names("def test_told(): ...\ndef __told__(self): ...") == []


def test_methods_inner_and_asynchronous_functions_are_checked() -> None:
    source = "class A:\n    def told(self):\n        async def posted(): ...\n"
    assert refused_names(source) == ["told", "posted"]


def test_a_finding_has_the_line_and_the_verb() -> None:
    [finding] = check_names(ast.parse("\ndef _posted(): ..."))
    assert (finding.line, finding.rule) == (2, Rule.NAMES)
    assert finding.wrong == "the function _posted is named by a participle"
    assert finding.write == "begin with a verb (post)"


def test_the_lists_agree() -> None:
    assert not PARTICIPLES.keys() & (VERBS | ADVERBS)


@pytest.mark.parametrize("name", ["participles.tsv", "particles.txt", "adverbs.txt", "verbs.txt"])
def test_a_list_is_sorted_and_says_nothing_twice(name: str) -> None:
    lines = (Path(__file__).parent / name).read_text().splitlines()
    entries = [line.split("\t")[0] for line in lines if not line.startswith("#")]
    assert entries == sorted(set(entries))
