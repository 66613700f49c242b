"""Fault rules: what goes wrong, where and how often."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from threading import Lock
from typing import Any, Literal

from attrs import define, field, frozen
from cattrs import Converter, transform_error

from salesforce_emulator.origin import Origin


@frozen
class Failure:
    """An error that a row or a request gets."""

    code: str
    message: str = ""
    fields: tuple[str, ...] = ()


@frozen
class Match:
    """The rows or requests that a rule applies to.

    Texts are glob patterns. A path or key that starts with `re:` is a regular expression.
    """

    method: str | None = None
    path: str | None = None
    object: str | None = None
    key: tuple[str, ...] | None = None


@frozen
class Action:
    """What a rule does.

    `delay`, `slow` and `duplicate` are seconds. `convert` names leads, and `org` is a change of the org. `truncate` is
    the share of the response that is sent, without a sign that the rest is missing. `shuffle` sends its rows in another
    order.
    """

    error: Failure | None = None
    status: int | None = None
    body: str = ""
    headers: dict[str, str] = field(factory=dict)
    cut: Literal["before", "during", "after"] | None = None
    delay: float = 0.0
    slow: float = 0.0
    stuck: bool = False
    truncate: float | None = None
    shuffle: bool = False
    duplicate: float | None = None
    expire: bool = False
    convert: tuple[str, ...] = ()
    org: dict[str, Any] = field(factory=dict)
    stop: Failure | None = None

    @property
    def ends(self) -> bool:
        """Whether this action ends the search for further rules."""
        return self.error is not None or self.status is not None or self.cut is not None

    @property
    def waits(self) -> float:
        """How many more seconds a batch or job waits. A stuck one waits ten years."""
        return 10 * 365 * 86_400 if self.stuck else self.slow

    @property
    def alters(self) -> bool:
        """Whether the action alters the response."""
        return self.truncate is not None or self.shuffle


@frozen
class Rule:
    """A fault rule: at most `times` in total, at most `times_per_key` per row, and with probability `rate`."""

    do: Action
    match: Match = field(factory=Match)
    times: int | None = None
    times_per_key: int | None = None
    rate: float = 1.0
    seed: int = 0

    @property
    def of_rows(self) -> bool:
        """Whether the rule applies to rows, not to requests."""
        refuses = self.do.error is not None or self.do.stop is not None
        return self.match.key is not None or self.do.stop is not None or (self.match.object is not None and refuses)


class FaultRuleError(ValueError):
    """Fault rules that cannot be understood. The message lists every problem."""


@define
class _Active:
    rule: Rule
    used: int = 0
    seen: Counter[str] = field(factory=Counter)
    used_by: Counter[str] = field(factory=Counter)

    def strikes(self, subject: str) -> bool:
        """Return whether the rule applies to a row or request this time. If so, count it."""
        rule = self.rule
        self.seen[subject] += 1
        if rule.times is not None and self.used >= rule.times:
            return False
        if rule.times_per_key is not None and self.used_by[subject] >= rule.times_per_key:
            return False
        # The random seed depends on the subject, not on the order of arrival. Parallel requests thus get the same
        # faults in every run.
        if rule.rate < 1 and random.Random(f"{rule.seed}:{subject}:{self.seen[subject]}").random() >= rule.rate:
            return False
        self.used += 1
        self.used_by[subject] += 1
        return True


class Faults:
    """The active fault rules."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._active: list[_Active] = []
        self.concern_rows = False

    def replace(self, rules: Iterable[dict[str, Any]]) -> None:
        """Replace the active rules. Raises FaultRuleError."""
        read = _read(list(rules))
        with self._lock:
            self._active = [_Active(rule) for rule in read]
            self.concern_rows = any(rule.of_rows for rule in read)

    def for_row(self, origin: Origin, object_name: str, keys: Sequence[str], content: str = "") -> Action | None:
        """Return the action for a row: an error, or the end of its job. Return None if no rule applies.

        A row without a key is identified by its content.
        """
        with self._lock:
            for active in self._active:
                rule = active.rule
                concerned = rule.of_rows and _concerns(rule.match, origin, object_name) and _names(rule.match, keys)
                if concerned and active.strikes(keys[0] if keys else content):
                    return rule.do
        return None

    def for_request(self, origin: Origin, object_name: str | None) -> list[Action]:
        """Return the actions for a request, in order."""
        actions: list[Action] = []
        with self._lock:
            for active in self._active:
                rule = active.rule
                if rule.of_rows or not _concerns(rule.match, origin, object_name):
                    continue
                if active.strikes(f"{origin.method} {origin.path}"):
                    actions.append(rule.do)
                    if rule.do.ends:
                        break
        return actions


def _concerns(match: Match, origin: Origin, object_name: str | None) -> bool:
    if match.method is not None and match.method.upper() != origin.method:
        return False
    if match.path is not None and not _fits(match.path, origin.path):
        return False
    return match.object is None or match.object.lower() == (object_name or "").lower()


def _names(match: Match, keys: Sequence[str]) -> bool:
    return match.key is None or any(_fits(pattern, key) for pattern in match.key for key in keys)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _fits(pattern: str, text: str) -> bool:
    if pattern.startswith("re:"):
        return _pattern(pattern[3:]).search(text) is not None
    return pattern == text or fnmatchcase(text, pattern)


def _read(raw: list[dict[str, Any]]) -> list[Rule]:
    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(tuple[str, ...] | None, _texts)
    try:
        rules = converter.structure(raw, list[Rule])
    except Exception as error:
        raise FaultRuleError("; ".join(transform_error(error, path="rules"))) from error
    for at, rule in enumerate(rules):
        if rule.of_rows and rule.do.error is None and rule.do.stop is None:
            raise FaultRuleError(f"rules[{at}]: a rule that names a key must say which error its rows meet")
    return rules


def _texts(raw: Any, _: Any) -> tuple[str, ...] | None:
    if raw is None:
        return None
    return (raw,) if isinstance(raw, str) else tuple(str(item) for item in raw)
