"""The options of a sync of platform events."""

from __future__ import annotations

from typing import Annotated, Literal

from attrs import Attribute, field, frozen


@frozen
class Options:
    """The options of a sync of platform events."""

    delivery: Annotated[
        Literal["at_most_once", "at_least_once"],
        "What becomes of events whose answer was lost: held for a person to decide, or published again.",
    ] = "at_most_once"
    ordered: Annotated[bool, "Keep the model's order over the whole run; needs parallelism 1, the default."] = False
    on_limit: Annotated[Literal["wait", "stop"], "What the run does when the events of this hour are used up."] = "wait"
    keep_api_calls: Annotated[int, "API calls of the day that the run leaves to others."] = field(default=0)

    @keep_api_calls.validator
    def _is_a_count(self, _attribute: Attribute[int], value: int) -> None:
        if value < 0:
            raise ValueError(f"{value} is below 0")
