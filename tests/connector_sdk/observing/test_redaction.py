from __future__ import annotations

import logging
import traceback

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector_sdk import ConfigError, Problem
from connector_sdk.observing.redaction import MARK, RedactingFilter, Redactor

from .planted import SPELLINGS, Planted, echo, find_secrets, plant_secrets

SECRETS = plant_secrets(12)
LONG = "what a server said; " * 250


def make_redactor(*secrets: str) -> Redactor:
    redactor = Redactor()
    for each in secrets:
        redactor.hide(each)
    return redactor


def check_spelling(secret: str, spelling: str, before: str, after: str) -> None:
    spelled = SPELLINGS[spelling](secret)
    around = next((width for name, width in _AROUND.items() if spelling.startswith(name)), 0)
    shown = make_redactor(secret).scrub(f"{before} {spelled} {after}")
    left = shown.removeprefix(f"{before} ").removesuffix(f" {after}")
    assert spelled[around : len(spelled) - around] not in left


_AROUND = {"json in json": 3, "json": 1, "repr": 1, "ascii": 1, "base": 4, "basic": 8}
"""Characters on either side of a spelling that are quotes, or share their place with what is no secret."""


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SECRET = st.text(st.characters(exclude_categories=["Cs", "Zl", "Zp", "Cc"]), min_size=16, max_size=40)
SPELLING = st.sampled_from([each for each in SPELLINGS if each != "lines"])


@settings(deadline=None)
@given(SECRET, SPELLING, TEXT, TEXT)
def test_a_secret_is_replaced_however_it_is_written(secret: str, spelling: str, before: str, after: str) -> None:
    check_spelling(secret, spelling, before, after)


@pytest.mark.long
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(SECRET, SPELLING, TEXT, TEXT)
def test_twenty_thousand_secrets_are_replaced(secret: str, spelling: str, before: str, after: str) -> None:
    check_spelling(secret, spelling, before, after)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("secret", SECRETS, ids=range(len(SECRETS)))
def test_every_kind_of_secret_is_replaced_in_every_spelling(secret: Planted, spelling: str) -> None:
    spelled = f"before {SPELLINGS[spelling](secret.text)} after"
    assert find_secrets([secret], spelled)
    shown = make_redactor(secret.text).scrub(spelled)
    assert not find_secrets([secret], shown)
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize("spelling", ["plain", "json", "url", "xml", "base64"])
@pytest.mark.parametrize("secret", SECRETS, ids=range(len(SECRETS)))
def test_a_text_that_was_cut_within_a_secret_does_not_end_with_its_beginning(secret: Planted, spelling: str) -> None:
    spelled, redactor = SPELLINGS[spelling](secret.text).strip('"'), make_redactor(secret.text)
    beginning = ("-----", "LS0t") if "PRIVATE KEY" in secret.text else ()
    for length in range(10, len(spelled)):
        shown = redactor.scrub(LONG + spelled[:length])
        assert shown.startswith(LONG)
        assert not find_secrets([secret], shown)
        left = shown.removeprefix(LONG)
        assert left.startswith(beginning) or not left.startswith(spelled.strip()[:8])


def test_a_secret_within_another_leaves_nothing_of_it() -> None:
    assert make_redactor("inner-secret", "an inner-secret and more").scrub("<an inner-secret and more>") == f"<{MARK}>"


def test_each_line_of_a_key_is_a_secret_and_its_armour_is_none() -> None:
    (key,) = (each for each in SECRETS if "PRIVATE KEY" in each.text)
    redactor = make_redactor(key.text)
    assert not any(find_secrets([key], redactor.scrub(line)) for line in key.text.splitlines())
    assert redactor.scrub("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----"


def test_text_without_a_secret_stays_as_it_is() -> None:
    assert make_redactor(*(each.text for each in SECRETS)).scrub(LONG) == LONG
    assert make_redactor("abc", "").scrub("abc") == "abc"


def test_an_exception_and_all_behind_it_are_cleansed() -> None:
    words, redactor = echo(SECRETS), make_redactor(*(each.text for each in SECRETS))
    with pytest.raises(ConfigError) as raised, redactor.cleanse_errors():
        _fail(words)
    error = raised.value
    shown = "".join(traceback.format_exception(error))
    assert "During handling" in shown
    assert not find_secrets(SECRETS, shown + repr((vars(error), error.__context__, vars(error.__context__))))
    assert (error.problems[0].path, error.problems[0].line) == (("token",), 3)
    assert MARK in error.problems[0].message


def _fail(words: str) -> None:
    try:
        try:
            raise ExceptionGroup(words, [LookupError(words)])
        except ExceptionGroup as error:
            raise OSError(2, words, words) from error
    except OSError as error:
        error.add_note(words)
        raise ConfigError([Problem(words, ("token",), words, file="connector.yml", line=3)])  # noqa: B904


def test_what_is_logged_is_cleansed_in_words_tracebacks_and_stacks(caplog: pytest.LogCaptureFixture) -> None:
    words, redactor = echo(SECRETS), make_redactor(*(each.text for each in SECRETS))
    caplog.handler.addFilter(RedactingFilter(redactor))
    logging.getLogger("any").warning("said %s", words, exc_info=ValueError(words), stack_info=True)
    (record,) = caplog.records
    record.stack_info = words
    RedactingFilter(redactor).filter(record)
    assert not find_secrets(SECRETS, caplog.handler.format(record))
    assert MARK in caplog.handler.format(record)
