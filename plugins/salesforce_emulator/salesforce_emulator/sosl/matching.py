"""Find records that contain the words of a search. Each word must begin a word of some field, in any case."""

from __future__ import annotations

import re
from collections.abc import Callable

from salesforce_emulator.schema import Row, Schema

_TEXTS = frozenset({"string", "textarea", "email", "phone", "url", "picklist", "combobox"})
_OF_SCOPE = {"EMAIL": frozenset({"email"}), "PHONE": frozenset({"phone"})}


def searchable(schema: Schema) -> bool:
    """Return whether a search covers an object."""
    return schema.object.layoutable and schema.object.event_type is None


def matcher(schema: Schema, text: str, scope: str) -> Callable[[Row], bool]:
    """Return a function that checks whether a row contains every word."""
    types = _OF_SCOPE.get(scope, _TEXTS)
    places = [
        at
        for at in schema.visible
        if schema.fields[at].type in types
        and not schema.fields[at].masked
        and (scope != "NAME" or at == schema.name_at)
    ]
    patterns = [_pattern(word) for word in _search_terms(text)]

    def matches(row: Row) -> bool:
        held = "\n".join(str(row[at]) for at in places if row[at] is not None)
        return all(pattern.search(held) for pattern in patterns)

    return matches


def _search_terms(text: str) -> list[str]:
    quoted = re.findall(r'"([^"]+)"', text)
    rest = re.sub(r'"[^"]*"', " ", text).split()
    return [*quoted, *(word for word in rest if word.upper() != "AND")]


def _pattern(word: str) -> re.Pattern[str]:
    signs = {"*": r"\S*", "?": r"\S"}
    parts = "".join(signs.get(part, re.escape(part)) for part in re.split(r"([*?])", word))
    return re.compile(rf"(?<!\w){parts}", re.IGNORECASE)
