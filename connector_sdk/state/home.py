"""The folders of this user's own files, outside of every project."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

APPLICATION = "connector-sdk"
NO_HOME = Path(os.devnull) / "no home"
"""A path below /dev/null for users without a home: no file can be written or found there."""


def find_own_folder(look_up: Callable[[str], Path]) -> Path:
    """Return our folder as `look_up`, a function of platformdirs, finds it; below `NO_HOME` if the user has no home.

    In that case, some versions of platformdirs raise an error, and others return a path that begins with `~`.
    """
    try:
        found = look_up(APPLICATION)
    except RuntimeError:
        return NO_HOME / APPLICATION
    return found if found.is_absolute() else NO_HOME / APPLICATION
