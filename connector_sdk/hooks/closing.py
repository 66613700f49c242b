"""Close a connection. An error while it closes is logged, so that it hides neither a report nor another error."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from connector_sdk.contract.connection import Connection

log = logging.getLogger(__name__)


def close(connection: Connection, scrub: Callable[[str], str] = str) -> None:
    """Close a connection, and log what goes wrong. `scrub` removes secrets from the log.

    A plugin cannot end the process or the run here. Only Ctrl-C is raised again, in the main thread.
    """
    try:
        connection.close()
    except BaseException as error:
        log.warning("The connection could not be closed: %s", scrub(str(error)) or type(error).__name__)
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
