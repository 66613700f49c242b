"""What the parser makes of a statement."""

from __future__ import annotations

from attrs import frozen

from salesforce_emulator.org.model import Value


@frozen
class Path:
    """A field, perhaps of a parent: `Name`, `Account.Owner.Name`; `at` is its offset in the statement."""

    names: tuple[str, ...]
    at: int


@frozen
class Literal:
    """A value as written; `kind` is string, number, boolean, null, date or datetime."""

    kind: str
    value: Value
    at: int


@frozen
class Comparison:
    """`Path operator literals`; operators that take one literal have one."""

    path: Path
    operator: str
    literals: tuple[Literal, ...]


@frozen
class Negation:
    """NOT."""

    condition: Condition


@frozen
class Junction:
    """AND or OR of several conditions."""

    word: str
    conditions: tuple[Condition, ...]


Condition = Comparison | Negation | Junction


@frozen
class Ordering:
    """One term of ORDER BY."""

    path: Path
    descending: bool
    nulls_last: bool


@frozen
class Query:
    """A whole statement. `fields` is empty for `SELECT COUNT()`; `macro` is ALL, STANDARD or CUSTOM of `FIELDS()`."""

    fields: tuple[Path, ...]
    macro: str | None
    object: str
    object_at: int
    where: Condition | None
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int

    @property
    def counts(self) -> bool:
        """Whether only the number of records is asked for."""
        return not self.fields and self.macro is None
