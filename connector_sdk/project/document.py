"""Read a YAML file into plain data, and keep the line of each value.

Scalars follow YAML 1.2, so that `NO` and `on` are text. `2026-01-31` and `2026-01-31T10:00:00Z` are a date and a time.
Numbers with a point are exact decimals. Digits after a leading zero are text. Keys are text as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from attrs import frozen
from yaml.composer import Composer, ComposerError

from connector_sdk.contract.errors import ConfigError, Problem

_MAX_BYTES = 5_000_000
_MAX_DEPTH = 40
_MAX_VALUES = 200_000
"""The most values that a file may have after its aliases are expanded. A few lines can expand to billions."""

_PREFIX = "tag:yaml.org,2002:"

_REFERENCE = re.compile(r"\$\{[^{}\n]*\}")
_MASK = str.maketrans("{}", "\ue000\ue001")
_UNMASK = str.maketrans("\ue000\ue001", "{}")
"""In `{...}`, YAML would take the braces of an unquoted `${NAME}` for its own, so they are masked before parsing."""

Path_ = tuple[str | int, ...]


@frozen
class Document:
    """A YAML file: its data, and the line of every path into them, counted from 1.

    `problems` are those that left the rest readable, such as repeated keys and invalid values.
    """

    file: str
    data: Any
    lines: Mapping[Path_, int]
    problems: tuple[Problem, ...] = ()

    def line(self, path: Path_) -> int | None:
        """Return the line of the longest part of `path` that is in the file."""
        return next((self.lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.lines), None)


def read_document(file: Path) -> Document:
    """Read a YAML file. Raises `ConfigError` with file and line if it cannot be read at all."""
    reading = _Reading(str(file))
    data = reading.value(_compose(file), ())
    return Document(str(file), data, reading.lines, tuple(reading.problems))


def read_names(file: Path, section: str) -> tuple[str, ...] | None:
    """Return the names in a section of a YAML file, None without such a section.

    No value of the file is converted, because that takes long in a large file. Raises `ConfigError` as `read_document`
    does.
    """
    node = _compose(file)
    found = [each for key, each in node.value if key.value == section] if isinstance(node, yaml.MappingNode) else []
    named = [each for each in found if isinstance(each, yaml.MappingNode)]
    return tuple(str(key.value) for key, _ in named[0].value) if len(named) == 1 else None


def _compose(file: Path) -> yaml.Node:
    text = _text(file)
    try:
        node = yaml.compose(_REFERENCE.sub(_mask_reference, text), _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"this is not YAML: {error.problem or error.context}"
        raise _make_error(
            file, message, "mend the line, or the one before it", mark.line + 1 if mark else None
        ) from None
    except yaml.YAMLError as error:
        message = f"this is not YAML: {str(error).splitlines()[0]}"
        raise _make_error(file, message, "save the file as plain text in UTF-8") from None
    if node is None:
        raise _make_error(file, "the file is empty", "connector init DIR writes one to start from")
    return node


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        hint = "name the project with --project, or make one with connector init DIR"
        raise _make_error(file, f"cannot be read: {error.strerror or error}", hint) from None
    if len(content) > _MAX_BYTES:
        raise _make_error(file, f"is larger than {_MAX_BYTES:,} bytes", "split it into several projects")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _make_error(file, "is not UTF-8", "save the file as plain text in UTF-8", line) from None


def _mask_reference(found: re.Match[str]) -> str:
    return found.group().translate(_MASK)


def _make_error(file: Path, message: str, hint: str, line: int | None = None) -> ConfigError:
    return ConfigError([Problem(message, hint=hint, file=str(file), line=line)])


_BASES: tuple[Any, ...] = (Composer, yaml.CSafeLoader) if yaml.__with_libyaml__ else (yaml.SafeLoader,)
"""The base classes of the loader. With libyaml, a large project is parsed seven times as fast."""


class _Loader(*_BASES):  # type: ignore[misc]
    """A YAML composer that resolves scalars as YAML 1.2 does, and refuses nesting that is deeper than `_MAX_DEPTH`."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012
    depth = 0

    def __init__(self, text: str) -> None:
        _BASES[-1].__init__(self, text)
        Composer.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node and what is in it. Raises `ComposerError` if it is nested too deeply."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise ComposerError(None, None, "nested too deeply", self.peek_event().start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


_DATE = r"\d{4}-\d\d-\d\d"
_DIGITS = "0123456789"
_RESOLVED: dict[str, tuple[Iterable[str], str, Callable[[str], Any]]] = {
    "null": (("~", "n", "N", ""), r"~|null|Null|NULL|", lambda text: None),
    "bool": ("tTfF", r"true|True|TRUE|false|False|FALSE", lambda text: {"true": True, "false": False}[text.lower()]),
    "int": ("-+" + _DIGITS, r"[-+]?(0|[1-9][0-9]*)", int),
    "float": (
        "-+" + _DIGITS,
        r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\.[0-9]+([eE][-+]?[0-9]+)?",
        Decimal,
    ),
    "date": (_DIGITS, _DATE, date.fromisoformat),
    "timestamp": (
        _DIGITS, _DATE + r"[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[-+]\d\d:\d\d)?", datetime.fromisoformat,
    ),
    "str": ("", "", str),
}  # fmt: skip
"""For each tag: the first characters of its plain scalars, their pattern, and their reader. The first match counts."""

for _tag, (_begins, _pattern, _) in _RESOLVED.items():
    _Loader.add_implicit_resolver(_PREFIX + _tag, re.compile(rf"(?:{_pattern})\Z"), list(_begins))


class _Reading:
    """One pass over the nodes of a file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._values = 0
        self.lines: dict[Path_, int] = {}
        self.problems: list[Problem] = []

    def value(self, node: yaml.Node, path: Path_) -> Any:
        """Return the data that a node stands for."""
        self._values += 1
        self.lines.setdefault(path, node.start_mark.line + 1)
        if self._values > _MAX_VALUES or len(path) > _MAX_DEPTH:
            line = node.start_mark.line + 1
            problem = Problem(
                "the aliases in this file expand to too much", (), "write them out", file=self._file, line=line
            )
            raise ConfigError([problem])
        if isinstance(node, yaml.MappingNode) and node.tag == _PREFIX + "map":
            return {key: self.value(each, (*path, key)) for key, each in self._entries(node, path)}
        if isinstance(node, yaml.SequenceNode) and node.tag == _PREFIX + "seq":
            return [self.value(each, (*path, index)) for index, each in enumerate(node.value)]
        return self._scalar(node, path)

    def _entries(self, node: yaml.MappingNode, path: Path_) -> Iterator[tuple[str, yaml.Node]]:
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._refuse("a key must be text", "write a name before the colon", path, line)
                continue
            name = key.value.translate(_UNMASK)
            if name in seen:
                hint = f"it is on line {seen[name]} already; keep one of the two"
                self._refuse(f"the key {name} is repeated", hint, (*path, name), line)
            else:
                seen[name] = line
                self.lines[(*path, name)] = line
                yield name, value

    def _scalar(self, node: yaml.Node, path: Path_) -> Any:
        tag, line = node.tag.removeprefix(_PREFIX), node.start_mark.line + 1
        if not isinstance(node, yaml.ScalarNode) or tag not in _RESOLVED:
            self._refuse(f"the tag {tag} is not allowed here", "write the value without a tag", path, line)
            return None
        try:
            return _RESOLVED[tag][-1](node.value.translate(_UNMASK))
        except (ValueError, KeyError, ArithmeticError):
            self._refuse(f"{node.value[:40]} is no {tag}", "put it in quotes if it is text", path, line)
            return None

    def _refuse(self, message: str, hint: str, path: Path_, line: int) -> None:
        self.problems.append(Problem(message, path, hint, file=self._file, line=line))
