"""Explain why a model cannot be read: the place in the project, what happened, and what to do next."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

import duckdb

from connector_sdk.contract.errors import ConnectorError, RunStopped
from connector_sdk.engines.csv_errors import explain_malformed_line
from connector_sdk.engines.reading import Reading
from connector_sdk.engines.typed import REFUSED
from connector_sdk.files.corruption import first_line

_LINES = 6
_ADVICE = ("Try ", "Possible ", "* ", "Consider ", "LINE ")
"""How the lines begin in which DuckDB suggests settings that users cannot make here."""

_SETTING = re.compile(r' Use "SET [^"]*"[^.]*\.')
"""Such a suggestion inside of a line."""


def explain(reading: Reading, error: Exception) -> ConnectorError:
    """Return the error that the user reads for an error that reading a model raised."""
    message = _replace_copy_names(reading, str(error))
    if malformed := explain_malformed_line(reading, message):
        return malformed
    if REFUSED in message:
        said = message.partition(REFUSED)[2].partition("\n\nLINE")[0]
        return reading.problem(said, "correct the cell, or leave the column out of types and cast it in the SQL")
    if _lacks_room(reading, error):
        hint = "make room in memory and on the disk, and run again; nothing was sent"
        return RunStopped(f"model {reading.model.name} cannot be frozen: {first_line(error)}", hint=hint)
    first = message.strip().partition("\n")[0]
    if "Permission Error" in first:
        hint = "see the DuckDB message above; the model's SQL may read only files it names in quotes after FROM or JOIN"
        return reading.problem(f"the SQL of model {reading.model.name} may not do that: {first}", hint)
    detail = " ".join(list(_without_advice(message))[:_LINES])
    said = f"{reading.model.file}: {detail}" if reading.model.file else detail
    return reading.problem(f"model {reading.model.name} cannot be read: {said}", "correct it there")


def _lacks_room(reading: Reading, error: Exception) -> bool:
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return True
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM):
        return True
    return isinstance(error, duckdb.IOException | OSError) and str(reading.folder) in str(error)


def _replace_copy_names(reading: Reading, message: str) -> str:
    """Replace the paths of copies in a message by the names of their files."""
    for copy, shown in reading.copies.items():
        message = message.replace(copy, shown)
    return message


def _without_advice(message: str) -> Iterator[str]:
    """Yield the lines of a message up to DuckDB's advice."""
    for line in message.splitlines():
        if line.strip().startswith(_ADVICE):
            return
        if line.strip():
            yield _SETTING.sub("", line.strip())
