"""When components were created and changed, and how long Salesforce processes picklists after a change."""

from __future__ import annotations

from collections.abc import Iterator

from salesforce_emulator.clock import Clock, data_time
from salesforce_emulator.org.model import Org


class History:
    """The changes of one org since its file was read."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start = clock.now()
        self._changed: dict[str, tuple[float, str]] = {}
        self._busy: dict[str, float] = {}

    def note(self, before: Org, after: Org, user: str) -> None:
        """Record which components differ between two states of the org, and who changed them."""
        for name in _find_changed(before, after):
            # Times have whole seconds. Two changes within one second must still differ.
            last = self._changed.get(name, (self._start, ""))[0]
            self._changed[name] = (max(self._clock.now(), int(last) + 1), user)

    def stamps(self, name: str, user: str) -> dict[str, str]:
        """Return the audit fields of a component, such as `Account.Tier__c` or a value set.

        `user` counts as the creator of every component.
        """
        changed, changer = self._changed.get(name, (self._start, user))
        created = {"CreatedDate": data_time(self._start), "CreatedById": user}
        return {**created, "LastModifiedDate": data_time(changed), "LastModifiedById": changer}

    def work_on(self, object_name: str, seconds: float) -> None:
        """Keep the picklists of an object busy for some seconds."""
        self._busy[object_name] = self._clock.now() + seconds

    def is_busy(self, object_name: str) -> bool:
        """Return whether Salesforce is still processing picklists of an object."""
        return self._clock.now() < self._busy.get(object_name, 0.0)


def _find_changed(before: Org, after: Org) -> Iterator[str]:
    for name, one in after.global_value_sets.items():
        if before.global_value_sets.get(name) != one:
            yield name
    for thing in after.objects.values():
        former = before.objects.get(thing.name)
        for field in thing.fields.values():
            if field.custom and (former is None or former.fields.get(field.name) != field):
                yield f"{thing.name}.{field.name}"
