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
class Function:
    """`CALENDAR_YEAR(CreatedDate)`, `COUNT(Id)`; the name is in upper case."""

    name: str
    argument: Path | Function
    at: int


Term = Path | Function


@frozen
class Literal:
    """A value as written; `kind` is string, number, boolean, null, date, datetime or period (`LAST_N_DAYS:3`)."""

    kind: str
    value: Value
    at: int


@frozen
class Comparison:
    """`Term operator literals`; operators that take one literal have one."""

    term: Term
    operator: str
    literals: tuple[Literal, ...]


@frozen
class SemiJoin:
    """`Path IN (SELECT ...)`, or NOT IN."""

    path: Path
    operator: str
    query: Query


@frozen
class Negation:
    """NOT."""

    condition: Condition


@frozen
class Junction:
    """AND or OR of several conditions."""

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
    """One entry of the SELECT list; only terms of grouped statements have an alias."""

    term: Term
    alias: str | None = None


@frozen
class Query:
    """A whole statement, or one inside another.

    `columns` and `children`, the queries on child records, are empty for `SELECT COUNT()`; `macro` is ALL, STANDARD or
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
        """Whether only the number of records is asked for."""
        return not self.columns and not self.children and self.macro is None
