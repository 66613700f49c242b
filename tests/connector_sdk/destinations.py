"""The reference destination for the tests: as it is, or with some of its hooks replaced."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from connector_sdk import Destination, hookimpl
from connector_sdk.testing.reference import plugin


def reference(**hooks: Callable[..., Any]) -> dict[str, Destination]:
    """Return the destinations of a run: the reference destination, in which these hooks replace its own.

    A hook is a function with the arguments that it needs, and may call `plugin` for what the destination itself does.
    """
    own = {name: hook for name, hook in vars(plugin).items() if hasattr(hook, "connector_sdk_impl")}
    replaced = {name: hookimpl(hook) for name, hook in hooks.items()}
    return {"reference": Destination("reference", SimpleNamespace(**own | replaced))}
