"""Known keys that return in another spelling: the sync sees new rows, but the user means the old ones.

Two keys are alike if only their form differs: compatibility forms of Unicode, case, blanks, hyphens, braces, leading
zeros, a trailing `.0` or midnight. Keys that are divided at different places, such as `1-11` and `11-1`, differ.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from connector_sdk.contract.plan import Effect
from connector_sdk.engines.sql import file
from connector_sdk.planning.diff.changes import Changes
from connector_sdk.planning.guards import EXAMPLES, Respelled
from connector_sdk.planning.request import PlanRequest

_CHUNK = 50_000
"""The number of keys with characters beyond ASCII that are folded at a time."""

_NOT_SKIPPED = "coalesce(outcome, 'rejected') = 'rejected'"

_ASCII = "not regexp_matches(key, '[^\\x00-\\x7f]')"

_SEPARATORS = "[\\s\\p{Z}\\p{Pd}]+"
_FORMS = (
    ("[{}]|^-|-$", ""),
    ('("-)|(-")', '"'),
    ('[t-]?00:00(?::00(?:\\.0+)?)?(?:z|\\+00(?::?00)?)?("|$)', "\\1"),
    ('\\.0+("|$)', "\\1"),
    ('(^|")0+([^"])', "\\1\\2"),
)
"""The parts that are taken out of a key, in lower case and with hyphens as separators. A quote divides its columns."""


def find_respelled(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, changes: Changes, lines: Path
) -> Respelled:
    """Compare the keys of new rows with known keys that the model lacks; `lines` are the changes after all lookups.

    A rejected new row counts, too: it is the same key once it is corrected. If the match field treats both keys as one
    value, the row finds its record, and nothing is wrong.
    """
    if request.snapshot is None or not changes.new or not changes.absent:
        return Respelled()
    is_new = f"effect in ('{Effect.NEW}', '{Effect.ABSENT}', '{Effect.PRESENT}')"
    new = f"select key, match from {file(lines)} where {is_new} and {_NOT_SKIPPED}"
    relations = changes.relations
    known = f"select s.key, s.match from {relations.known} s anti join {relations.model} m on m.key = s.key"
    for table, keys in (("new_keys", new), ("absent_keys", known)):
        _fold(connection, table, keys)
    same_parts = "n.parts = a.parts or not contains(n.parts, '-') or not contains(a.parts, '-')"
    other_record = "n.match is null or n.match is distinct from a.match"
    alike = f"from new_keys n join absent_keys a using (loose) where ({same_parts}) and ({other_record})"
    pairs = connection.execute(f"select a.key, n.key {alike} order by all limit {EXAMPLES}").fetchall()
    ((rows,),) = connection.execute(f"select count(distinct n.key) {alike}").fetchall()
    return Respelled(rows, tuple(pairs))


def _fold(connection: duckdb.DuckDBPyConnection, table: str, keys: str) -> None:
    """Make a table of keys with their `parts`, separated by hyphens, and their `loose` forms, without any separator."""
    connection.execute(f"create table {table} as {_forms('lower(key)', f'({keys}) where {_ASCII}')}")
    others = connection.cursor().sql(f"select key, match from ({keys}) where not {_ASCII}")
    for batch in others.to_arrow_reader(_CHUNK):
        folded = pc.utf8_normalize(batch.column("key"), form="NFKC")
        folded = pc.replace_substring(pc.utf8_lower(pc.utf8_upper(folded)), "ß", "ss")
        connection.register("folded", pa.table([*batch.columns, folded], ["key", "match", "folded"]))
        connection.execute(f"insert into {table} {_forms('folded', 'folded')}")


def _forms(folded: str, relation: str) -> str:
    """Return SQL for the keys of a relation with their forms; `folded` is SQL for a key without case."""
    parts = f"regexp_replace({folded}, '{_SEPARATORS}', '-', 'g')"
    for pattern, kept in _FORMS:
        parts = f"regexp_replace({parts}, '{pattern}', '{kept}', 'g')"
    return f"select key, match, {parts} as parts, replace(parts, '-', '') as loose from {relation}"
