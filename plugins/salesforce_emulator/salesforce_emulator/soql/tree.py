"""The syntax tree of a statement."""

from __future__ import annotations

from attrs import frozen

from salesforce_emulator.org.model import Value


@frozen
class Path:
    """A field, possibly of a parent: `Name`, `Account.Owner.Name`. `at` is its offset in the statement."""

    names: tuple[str, ...]
    at: int


@frozen
class Function:
    """A function such as `CALENDAR_YEAR(CreatedDate)` or `COUNT(Id)`. The name is in upper case."""

    name: str
    argument: Path | Function
    at: int


Term = Path | Function


@frozen
class Literal:
    """A value in the statement. `kind` is string, number, boolean, null, date, datetime or period (`LAST_N_DAYS:3`)."""

    kind: str
    value: Value
    at: int


@frozen
class Comparison:
    """`Term operator literals`. Only IN, NOT IN, INCLUDES and EXCLUDES take several literals."""

    term: Term
    operator: str
    literals: tuple[Literal, ...]


@frozen
class SemiJoin:
    """`Path IN (SELECT …)` or `Path NOT IN (SELECT …)`."""

    path: Path
    operator: str
    query: Query


@frozen
class Negation:
    """A condition with NOT."""

    condition: Condition


@frozen
class Junction:
    """Several conditions joined by AND or OR."""

    word: str
    conditions: tuple[Condition, ...]


Condition = Comparison | SemiJoin | Negation | Junction


@frozen
class Ordering:
    """One term of ORDER BY."""

    term: Term
    descending: bool
    nulls_last: bool


@frozen
class Column:
    """One entry of the SELECT list. Only terms of grouped statements have an alias."""

    term: Term
    alias: str | None = None


@frozen
class Query:
    """A whole statement, or a query inside another one.

    `columns` and `children` (queries on child records) are empty for `SELECT COUNT()`. `macro` is ALL, STANDARD or
    CUSTOM of `FIELDS()`.
    """

    columns: tuple[Column, ...]
    children: tuple[Query, ...]
    macro: str | None
    object: str
    object_at: int
    where: Condition | None
    group: tuple[Term, ...]
    having: Condition | None
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int

    @property
    def counts(self) -> bool:
        """Whether the statement only asks for the number of records."""
        return not self.columns and not self.children and self.macro is None
