"""The levels of lines that refer to other lines, and the circles among them.

The functions work on a table of edges, in which line number `child` refers to line number `parent`. It is empty in the
end.
"""

from __future__ import annotations

import duckdb
from attrs import evolve, frozen

from connector_sdk.engines.sql import count

_STEPS = 10
"""The number of steps of a circle that its message shows."""


@frozen
class Levels:
    """The `highest` level, and the relations of lines that are not on the lowest one.

    `above` has the level of each line above the lowest. `circles` has the lines of circles, each with its `trail` in
    words.
    """

    highest: int
    above: str
    circles: str


def find_levels(connection: duckdb.DuckDBPyConnection, edges: str, keys: str) -> Levels:
    """Return the levels of the lines. `keys` is a relation of all lines with their keys.

    A line that refers to a circle without being part of it has a level.
    """
    levels = Levels(0, "levels", "circles")
    connection.execute(f"create table {levels.above} (line bigint, level integer)")
    connection.execute(f"create table {levels.circles} (line bigint, trail text)")
    while count(connection, edges):
        connection.execute(f"create or replace table held_up as select distinct child as line from {edges}")
        above = levels.highest + 1
        free = f"select distinct child, {above} from {edges} e anti join held_up on held_up.line = e.parent"
        ((found,),) = connection.execute(f"insert into {levels.above} {free}").fetchall()
        if found:
            levels = evolve(levels, highest=above)
            _keep(connection, edges, "parent in (select line from held_up)")
        else:
            _find_circles(connection, edges, levels.circles, keys)
            ends = (f"{end} not in (select line from {levels.circles})" for end in ("child", "parent"))
            _keep(connection, edges, *ends)
    return levels


def _find_circles(connection: duckdb.DuckDBPyConnection, edges: str, circles: str, keys: str) -> None:
    """Put the lines of circles into `circles`: those that remain after edges that lead nowhere are removed."""
    connection.execute(f"create or replace table turning as select * from {edges}")
    before, left = -1, count(connection, "turning")
    while before != left:
        _keep(connection, "turning", "child in (select parent from turning)")
        before, left = left, count(connection, "turning")
    connection.execute(
        f"""
        insert into {circles} with recursive
            onward as (
                select child as line, min(parent) as parent, any_value(k.key) as key
                from turning join ({keys}) k on k.line = child group by child
            ),
            walk as (
                select line, parent as place, key as told, 1 as steps from onward
                union all
                select w.line, o.parent, w.told || ' > ' || o.key, steps + 1
                from walk w join onward o on o.line = w.place where w.place <> w.line and steps < {_STEPS}
            ),
            whole as (select line, max_by(place, steps) as place, max_by(told, steps) as told from walk group by line)
        select w.line, told || ' > ' || if(w.place = w.line, o.key, '...') from whole w join onward o using (line)
        """
    )


def _keep(connection: duckdb.DuckDBPyConnection, table: str, *conditions: str) -> None:
    connection.execute(f"create or replace table {table} as select * from {table} where {' and '.join(conditions)}")
