"""The levels of lines that refer to other lines, and the circles among them.

The functions work on the table `edges`, in which line number `child` refers to line number `parent`. It is empty in the
end.
"""

from __future__ import annotations

import duckdb

from connector_sdk.engines.sql import count

_STEPS = 10
"""The number of steps of a circle that its message shows."""


def find_levels(connection: duckdb.DuckDBPyConnection, keys: str) -> int:
    """Make the tables `level` (of lines above the lowest) and `circle`, and return the highest level.

    `keys` is a relation of all lines with their keys. `circle` has the lines of circles, each with its `trail` in
    words. A line that refers to a circle without being part of it has a level.
    """
    connection.execute("create table level (line bigint, level integer)")
    connection.execute("create table circle (line bigint, trail text)")
    level = 0
    while count(connection, "edges"):
        connection.execute("create or replace table held_up as select distinct child as line from edges")
        free = f"select distinct child, {level + 1} from edges anti join held_up on held_up.line = edges.parent"
        ((found,),) = connection.execute(f"insert into level {free}").fetchall()
        if found:
            level += 1
            _keep(connection, "edges", "parent in (select line from held_up)")
        else:
            _find_circles(connection, keys)
            _keep(connection, "edges", *(f"{end} not in (select line from circle)" for end in ("child", "parent")))
    return level


def _find_circles(connection: duckdb.DuckDBPyConnection, keys: str) -> None:
    """Put the lines of circles into `circle`: those that remain after edges that lead nowhere are removed."""
    connection.execute("create or replace table turning as select * from edges")
    before, left = -1, count(connection, "turning")
    while before != left:
        _keep(connection, "turning", "child in (select parent from turning)")
        before, left = left, count(connection, "turning")
    connection.execute(
        f"""
        insert into circle with recursive
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
