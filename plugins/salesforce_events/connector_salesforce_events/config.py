"""What a sync of platform events may set."""

from __future__ import annotations

from typing import Annotated, Literal

from attrs import frozen


@frozen
class Options:
    """What a sync may set for platform events."""

    delivery: Annotated[
        Literal["at_most_once", "at_least_once"],
        "What becomes of events whose answer was lost: held for a person to decide, or published again.",
    ] = "at_most_once"
    ordered: Annotated[bool, "Keep the model's order over the whole run; needs parallelism 1, the default."] = False
    on_limit: Annotated[Literal["wait", "stop"], "What the run does when the events of this hour are used up."] = "wait"
