"""The published events, in order. Platform Events Developer Guide, "Platform Event Fields"."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from typing import Any

from attrs import define

from salesforce_emulator.clock import data_time


@define(eq=False)
class Published:
    """One event message. Tests identify it by `key`."""

    name: str
    replay_id: int
    event_uuid: str
    created: float
    user_id: str
    key: str
    payload: dict[str, Any]

    def facts(self) -> dict[str, Any]:
        """Return the message as a subscriber would read it."""
        return {
            "replayId": self.replay_id,
            "eventUuid": self.event_uuid,
            "createdDate": data_time(self.created),
            "createdById": self.user_id,
            "payload": self.payload,
        }


class Bus:
    """The event bus of one org. Callers must hold the lock of the engine."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._replay_id = 0
        self._published: list[Published] = []

    def publish(self, name: str, key: str, payload: dict[str, Any], created: float, user_id: str) -> Published:
        """Store an event. Replay ids rise and have gaps."""
        self._replay_id += self._chance.randint(1, 3)
        event_uuid = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        event = Published(name, self._replay_id, event_uuid, created, user_id, key, payload)
        self._published.append(event)
        return event

    def take_back(self, event: Published) -> None:
        """Remove an event whose transaction was rolled back."""
        self._published.remove(event)

    def describe(self, name: str) -> dict[str, Any]:
        """Return the events with this name in order, and their counts by key."""
        events = [event for event in self._published if event.name == name]
        return {"events": [event.facts() for event in events], "counts": dict(Counter(event.key for event in events))}
