"""The options of a sync of picklist values."""

from __future__ import annotations

from typing import Annotated, Literal

from attrs import frozen


@frozen
class Options:
    """The options of a sync of picklist values."""

    allow_empty: Annotated[bool, "A model without rows deactivates every value; without this it is refused."] = False
    shared_values: Annotated[bool, "Write to a global value set, which changes every field that uses it."] = False
    order: Annotated[
        Literal["key", "model"], "How new values join after the present ones: by API name, or in the model's order."
    ] = "key"
    break_dependencies: Annotated[
        bool, "Deactivate values on which the values of other fields depend; without this it is refused."
    ] = False
