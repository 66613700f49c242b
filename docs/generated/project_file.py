"""The page of the project file: every key, from the classes that hold it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from connector_sdk.project.shape import (
    ColumnShape,
    ConnectionShape,
    ConstantShape,
    CsvShape,
    FindShape,
    GuardsShape,
    KeepShape,
    MatchShape,
    MergeShape,
    ModelShape,
    Name,
    OptionsShape,
    ProjectShape,
    SyncShape,
)
from connector_sdk.settings.json_schema import Rule, key_of, rest_of
from docs.generated.markdown import NONE, code, fenced, join_blocks, mark_commands, table

EXAMPLE = Path(__file__).with_name("project_file.yml")

_HEAD = """\
# The project file

A project is one YAML file, `connector.yml`. It says what is read (models), where it goes (connections), and how
(syncs).
`connector init DIR` writes a file to start from, and `connector check` names every mistake with its line.

This page is written by `make docs` from the classes that hold the file.

## A complete example
"""

_KEYS = """\
## Keys

Paths in the file start at its folder. A key that is not listed here is refused, with a suggestion.
In the tables, **required** means that the file is refused without the key, and {none} that the key has no default.

For an editor that completes the file: `connector schema > connector.schema.json`, and as the first line of the file
`# yaml-language-server: $schema=connector.schema.json`.
"""

_REFERENCES = """\
## References to the environment, files and the keyring

Settings of a connection and options of a destination can come from elsewhere. A secret must.

| in the file | stands for |
|---|---|
| `${NAME}` | the environment variable `NAME`; one that is not set, or empty, is an error |
| `${file:PATH}` | the text of a file without the line ends at its end; a relative path starts at the project's folder |
| `${keyring:SERVICE/USER}` | a password of the keyring; needs `pip install 'connector-sdk[keyring]'` |
| `$${` | the characters `${` themselves |

A reference may be a part of a text, as in `https://${HOST}/login`. It is read when the connection is opened.
So `connector plan` needs the variables, and `connector runs` does not.
References work in no other key: elsewhere `${NAME}` stays as it is written, or is refused.
"""

_YAML = """\
## YAML, strictly

The file is UTF-8 and follows YAML 1.2, with a few rules of its own:

| in the file | is |
|---|---|
| `yes`, `no`, `on`, `off`, `NO` | text |
| `007` | text, because of the leading zero |
| `0.1` | an exact decimal |
| `2026-01-31`, `2026-01-31T10:00:00Z` | a date, a date and time |
| a key that is repeated, or a tag (`!name`) | refused, with its line |
| `[${A}, ${B}]` | two references; their braces need no quotes |
"""

_CONNECTIONS = """\
| `type` | its settings |
|---|---|
| `salesforce`, `salesforce_events`, `salesforce_picklist` | [Logging in](../salesforce/login.md) |
| a plugin of your own | [its `config` class](../destinations/tutorial.md) |

`connector schema` knows the settings of the destinations that the project names.
"""

_MODES = """\
What else a sync needs depends on its mode. Some destinations offer only a few modes.

| mode | `match` | `fields` | several objects | `merge` |
|---|---|---|---|---|
| `insert` | refused | required | no | with `is_child` |
| `update` | required | required | yes | no |
| `upsert` | required | required | yes, with `create_in` | yes |
| `archive` | required | refused | no | no |
| `all` | required | may be left out | no | no |

[Modes](../salesforce/records.md#modes) says what each mode does to a record of Salesforce, and which values
`on_removed` can have there.
"""

_FIELDS = """\
`fields` maps each field of the object to what goes into it. There are four forms:

```yaml
fields:
  LastName: last_name                                                       # a column
  Email: {column: email, null: keep}                                        # a column, with options
  LeadSource: {value: Web}                                                  # a constant
  AccountId: {find: Account, where: External_Id__c, equals: account_key}    # the id of another record
```

A lookup can search several objects (`find: [Contact, Lead]`), and further fields can narrow it
(`and: {Type: Customer}`).

[Fields](../salesforce/records.md#fields) lists the values that each type of field takes in Salesforce, and
[lookups](../salesforce/records.md#lookups) explains `find`.
"""

_OPTIONS = """\
The destination adds options of its own, and says which values those above can have:

| `type` of the connection | its options |
|---|---|
| `salesforce` | [How rows are sent](../salesforce/records.md#how-rows-are-sent) |
| `salesforce_events` | [Options of a sync](../salesforce/events.md#options-of-a-sync) |
| `salesforce_picklist` | [Options of a sync](../salesforce/picklist.md#options-of-a-sync) |
"""

_MERGE = """\
One of `is_child` and `merge_id` is required. [Merging](../salesforce/records.md#merging) explains both.
"""

_GUARDS = """\
A count is a number of rows. A share such as `10%` is one of the rows that the sync knows. `none` switches a guard off,
and `min_rows: 0` does the same.
[Guards](guards.md) explains each guard, also those that are always on.
"""

_SEQUENCES = """\
### `sequences`

A sequence is a list of syncs that run one after another. `connector run nightly` runs the sequence `nightly`.

```yaml
sequences:
  nightly: [accounts, people, visits]
```

A sequence names each sync once, and has a name that no sync has. When a sync is stopped
([exit code](exit-codes.md) 4 and above), those behind it do not run. [Sequences](sequences.md) says more.
"""

_SECTIONS: tuple[tuple[int, str, type, str], ...] = (
    (3, "connections", ConnectionShape, _CONNECTIONS),
    (3, "models", ModelShape, "One of `file` and `sql` is required. [Models](models.md) explains every key."),
    (4, "csv", CsvShape, "[How CSV files are written](models.md#how-csv-files-are-written) says more."),
    (3, "syncs", SyncShape, _MODES),
    (4, "match", MatchShape, ""),
    (4, "fields", SyncShape, _FIELDS),
    (4, "merge", MergeShape, _MERGE),
    (4, "guards", GuardsShape, _GUARDS),
    (4, "options", OptionsShape, _OPTIONS),
)
"""Level and heading of each part, its class, and what follows the table of its keys."""

_KEEP = (3, "keep", KeepShape, "What is kept lies in the [state folder](state.md).")

_FORMS: Mapping[str, type] = {"A column": ColumnShape, "A constant": ConstantShape, "A lookup": FindShape}

_WORDS: Mapping[Any, list[str]] = {
    str: ["text"],
    int: ["a whole number"],
    Decimal: ["a number"],
    bool: ["`true`", "`false`"],
    date: ["a date"],
    datetime: ["a date and time"],
}

_OF_DESTINATION = ("api", "batch_size", "batch_bytes", "parallelism")
"""Options whose default is the destination's."""


def page() -> str:
    """Return the whole page."""
    return join_blocks(
        [
            _HEAD,
            fenced(EXAMPLE.read_text(encoding="utf-8"), "yaml"),
            _KEYS.format(none=NONE),
            _table(ProjectShape),
            f"A name of a connection, model, sync or sequence has this form: {_rule(Name).form}.",
            *(block for each in _SECTIONS for block in _section(*each)),
            _SEQUENCES,
            *_section(*_KEEP),
            _REFERENCES,
            _YAML,
        ]
    )


def _section(level: int, name: str, cls: type, more: str) -> Iterator[str]:
    yield f"{'#' * level} `{name}`"
    if name == "fields":
        yield more
        for title, form in _FORMS.items():
            yield f"**{title}.** {_summary(form)}"
            yield _table(form)
        return
    yield _summary(cls)
    yield _table(cls)
    yield more


def _summary(cls: type) -> str:
    """Return the sentence that says what a class is, without the keys that a plugin adds."""
    return mark_commands(" ".join((inspect.getdoc(cls) or "").split()))


def _table(cls: type) -> str:
    hints = get_type_hints(cls, include_extras=True)
    fields = (each for each in attrs.fields(cls) if each.name != rest_of(cls))
    rows = (
        (code(key_of(each.name)), _words(hints[each.name]), _default(cls, each), _text(hints[each.name]))
        for each in fields
    )
    return table(("key", "value", "default", "what it does"), rows)


def _text(hint: Any) -> str:
    """Return what the class says about a key."""
    return mark_commands(next(each for each in hint.__metadata__ if isinstance(each, str)))


def _rule(hint: Any) -> Rule:
    return next((each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Rule)), Rule())


def _default(cls: type, field: attrs.Attribute[Any]) -> str:
    default = field.default
    if default is attrs.NOTHING:
        return "**required**"
    if default is None and cls is OptionsShape and field.name in _OF_DESTINATION:
        return "the destination's"
    if default is None and cls is GuardsShape:
        return code("none")
    if default in (None, ()) or not isinstance(default, str | int | Enum):
        return NONE
    if isinstance(default, bool):
        return code("true" if default else "false")
    return code(str(default.value if isinstance(default, Enum) else default))


def _words(hint: Any) -> str:
    """Return what may be written as a value, in words."""
    *first, last = dict.fromkeys(_alternatives(hint))
    return f"{', '.join(first)} or {last}" if first else last


def _alternatives(hint: Any) -> list[str]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        form = _rule(hint).form
        return [form] if form else _alternatives(arguments[0])
    if origin in (Union, UnionType):
        return _union(arguments)
    if origin is Literal:
        return [code(str(each)) for each in arguments]
    if origin is tuple:
        return ["a list"]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return [_mapping(arguments[1])]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return [code(each.value) for each in hint]
    return _WORDS.get(hint) or [f"[keys](#{_anchor(hint)})"]


def _union(members: tuple[Any, ...]) -> list[str]:
    """Return the alternatives of several types; a rule that has words of its own speaks for all."""
    given = [each for each in members if each is not NoneType and not (each is int and Decimal in members)]
    forms = [form for each in given if (form := _rule(each).form)]
    return forms or [word for each in given for word in _alternatives(each)]


def _mapping(value: Any) -> str:
    if isinstance(value, type) and attrs.has(value):
        return f"names, each with [keys](#{_anchor(value)})"
    if get_origin(value) in (Union, UnionType):
        is_form = any(attrs.has(each) for each in get_args(value))
        return "fields, each with [one of four forms](#fields)" if is_form else "fields, each with a value"
    return f"names, each with {_words(value)}"


def _anchor(cls: type) -> str:
    return next(name for _, name, each, _ in (*_SECTIONS, _KEEP) if each is cls)
