"""Close a connection: what goes wrong then is logged, and hides neither a report nor another error."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from connector_sdk.contract.connection import Connection

log = logging.getLogger(__name__)


def close(connection: Connection, scrub: Callable[[str], str] = str) -> None:
    """Close a connection, and log what goes wrong, without what `scrub` takes out.

    A plugin that exits or cancels here ends nothing. Just Ctrl-C is raised, in the thread that it reaches.
    """
    try:
        connection.close()
    except BaseException as error:
        log.warning("The connection could not be closed: %s", scrub(str(error)) or type(error).__name__)
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
