"""Where this user's own files lie, outside of every project."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

APPLICATION = "connector-sdk"
NO_HOME = Path(os.devnull) / "no home"
"""A place in which nothing can be, for users without a home: nothing can be kept there, and nothing is found."""


def find_own_folder(look_up: Callable[[str], Path]) -> Path:
    """Return our folder where `look_up`, a function of platformdirs, says; below `NO_HOME` where nobody can say.

    Some versions of platformdirs raise an error then, others return a path that begins with `~`.
    """
    try:
        found = look_up(APPLICATION)
    except RuntimeError:
        return NO_HOME / APPLICATION
    return found if found.is_absolute() else NO_HOME / APPLICATION
