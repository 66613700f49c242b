"""A Salesforce org on your machine."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salesforce_emulator.emulator import Emulator
    from salesforce_emulator.org.model import Org
    from salesforce_emulator.org.reading import OrgError, read_org

__all__ = ["Emulator", "Org", "OrgError", "read_org"]

_PLACES = {"Emulator": "emulator", "Org": "org.model", "OrgError": "org.reading", "read_org": "org.reading"}


def __getattr__(name: str) -> Any:
    # Import lazily: pytest loads this package's plugin in every run, even if no test uses the emulator.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
