"""Find the installed destinations by their entry points, and import one at a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from traceback import extract_tb
from typing import TYPE_CHECKING

from connector_sdk.contract.errors import ConfigError, PluginError, Problem
from connector_sdk.hooks.destination import Destination
from connector_sdk.hooks.repeat import TRACEBACKS
from connector_sdk.hooks.validation import hint_at_contract
from connector_sdk.settings.suggest import closest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "connector_sdk.destinations"
"""The entry-point group. The name of an entry point is the type of its destination."""

tracebacks = logging.getLogger(TRACEBACKS)


def find_installed() -> dict[str, tuple[EntryPoint, ...]]:
    """Return all installed destinations by type. More than one entry point for a type is a conflict."""
    from importlib.metadata import entry_points

    found: dict[str, tuple[EntryPoint, ...]] = {}
    for each in entry_points(group=GROUP):
        found[each.name] = (*found.get(each.name, ()), each)
    return found


def load(type_: str) -> Destination:
    """Import the one plugin that provides `type_`, and no other plugin.

    Raises `ConfigError` if no plugin or several plugins provide it; the error lists what is installed. Raises
    `PluginError` if the plugin cannot be imported or breaks the contract; the error lists everything that is wrong.
    """
    providers = find_installed().get(type_, ())
    if len(providers) != 1:
        raise ConfigError([_resolution_problem(type_, providers)])
    try:
        plugin = providers[0].load()
    except (Exception, SystemExit) as error:
        tracebacks.error("destination %s cannot be imported", type_, exc_info=error)
        reason = f"{type(error).__name__}: {error}{_line_of(error)}{hint_at_contract(error)}"
        raise PluginError(f"destination {type_}: {providers[0].value} cannot be imported: {reason}") from error
    return Destination(type_, plugin)


def _line_of(error: BaseException) -> str:
    """Return the file and line that raised an error, in parentheses. Return "" if the error itself names them."""
    frames = extract_tb(error.__traceback__)
    if isinstance(error, ImportError | SyntaxError) or not frames:
        return ""
    return f" ({frames[-1].filename}, line {frames[-1].lineno})"


def _resolution_problem(type_: str, providers: Sequence[EntryPoint]) -> Problem:
    if providers:
        named = ", ".join(f"{each.dist.name} {each.dist.version}" if each.dist else each.value for each in providers)
        return Problem(f"destination {type_} is provided more than once: {named}", hint="uninstall all but one")
    installed = sorted(find_installed())
    near = closest(type_, installed)
    hint = f"did you mean {near}?" if near else f"install the plugin that provides {type_}"
    return Problem(f"there is no destination {type_}; installed: {', '.join(installed) or 'none'}", hint=hint)
