"""Register the hooks of a plugin or an observer, and say what is wrong with functions that are no valid hooks."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from inspect import Parameter
from typing import Any

import pluggy

from connector_sdk.contract.hookspecs import PROJECT
from connector_sdk.settings.suggest import suggestion

_GATHERS = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


class HookManager(pluggy.PluginManager):
    """The hooks of one plugin or observer. `problems` names functions that cannot be called as their hook."""

    def __init__(self, hooks: type) -> None:
        """Read the specification of every hook from the class `hooks`."""
        super().__init__(PROJECT)
        self.add_hookspecs(hooks)
        self._known = {name: _parameters(each) for name, each in vars(hooks).items() if not name.startswith("_")}
        self.problems: list[str] = []

    def add(self, plugin: object, name: str | None = None) -> None:
        """Register the valid hooks of a plugin, and note what is wrong with the others."""
        if inspect.isclass(plugin):
            self.problems.append(f"{plugin.__name__} is a class, and its functions are called on an object: make one")
            return
        try:
            self.register(plugin, name)
        except pluggy.PluginValidationError as error:
            self.problems.append(str(error))

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        """Read the marker of one function. Return None if it is not a hook, or no valid one."""
        try:
            options = super().parse_hookimpl_opts(plugin, name)
        except Exception:  # an attribute that cannot be read is not a hook
            return None
        function = getattr(plugin, name, None) if options or name in self._known else None
        if options is None:
            if inspect.isroutine(function):
                self.problems.append(f"{name} is named like a hook and is not marked: write @hookimpl above it")
            return None
        found = list(self._find_problems(function, name, options.get("specname") or name))
        self.problems += found
        return None if found else options

    def implements(self, hook: str) -> bool:
        """Return whether a function is registered for a hook."""
        return bool(getattr(self.hook, hook).get_hookimpls())

    def takes(self, hook: str, argument: str) -> bool:
        """Return whether a function is registered for a hook and has a parameter named `argument`."""
        return any(argument in each.argnames for each in getattr(self.hook, hook).get_hookimpls())

    def _find_problems(self, function: Any, name: str, hook: str) -> Iterator[str]:
        if hook not in self._known:
            hint = suggestion(hook, list(self._known))
            yield f"{name} is marked with @hookimpl, and there is no such hook: {hint}"
            return
        known = [each.name for each in self._known[hook]]
        parameters = _parameters(function)
        strange = [each.name for each in parameters if each.kind not in _GATHERS and each.name not in known]
        if strange:
            have = f"it has {', '.join(known)}" if known else "it has none"
            yield f"{name} takes {', '.join(strange)}, and the hook has no such argument: {have}"
        gathers = [each.name for each in parameters if each.kind in _GATHERS]
        if gathers:
            yield f"{name} takes {', '.join(gathers)} for any arguments, and gets those that it names: name them"
        defaults = [each.name for each in parameters if each.default is not Parameter.empty and each.name in known]
        if defaults:
            yield f"{name} has defaults for {', '.join(defaults)}: take them away"


def _parameters(function: Any) -> Sequence[Parameter]:
    """Return the parameters of a function without `self`."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    return [each for each in parameters if each.name != "self"]
