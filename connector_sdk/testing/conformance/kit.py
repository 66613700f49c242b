"""The base of all tests of the kit, which selects tests by the spec and forbids overriding them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar

import pytest

from connector_sdk import Delivery, Destination, Field, Mode, load
from connector_sdk.testing.conformance.samples import Row, Samples
from connector_sdk.testing.conformance.subject import Subject, Way

F = TypeVar("F", bound=Callable[..., Any])

_KIT = "connector_sdk.testing.conformance"


def ways(modes: Iterable[Mode] = tuple(Mode), *, delivery: Delivery | None = None) -> Callable[[F], F]:
    """Return a decorator that runs a test once for each api and mode that fits, as the argument `way`."""
    chosen = frozenset(modes)

    def mark(test: F) -> F:
        test.__dict__["about"] = (chosen, delivery)
        return test

    return mark


class Kit:
    """The methods of the kit that a destination's test class overrides, and the fixtures."""

    destination: ClassVar[Destination | str]

    def config(self) -> Any:
        """Return the settings to connect with, an instance of the spec's config class."""
        raise NotImplementedError("say how to connect: config() answers an instance of the spec's config class")

    def options(self) -> Any:
        """Return the options of a sync."""
        return self.load_destination().spec.options()

    def value(self, field: Field, number: int) -> Any:
        """Return a sample for a field, or None to let the kit make one up."""
        return None

    def object_for(self, mode: Mode) -> str | None:
        """Return the object to write in a mode, or None for the first that supports it."""
        return None

    def present(self, subject: Subject, object_name: str, fields: Sequence[str]) -> list[Row]:
        """Return the current records of an object."""
        return subject.read(object_name, fields)

    def lose_next_answer(self, subject: Subject, way: Way) -> None:
        """Make the destination execute the next batch of an api and lose its answer."""
        pytest.skip("the destination has no fault to switch on; lose_next_answer() can do it")

    def load_destination(self) -> Destination:
        """Return the destination, loaded if it is given by its type."""
        return load(self.destination) if isinstance(self.destination, str) else self.destination

    @pytest.fixture
    def subject(self) -> Iterator[Subject]:
        """The destination under test, connected."""
        subject = Subject(self.load_destination(), self.config, self.options(), Samples(self.value), self.object_for)
        yield subject
        subject.connection.close()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test once for each way to write that it fits. The spec declares the ways."""
        about = getattr(metafunc.function, "about", None)
        if about is None:
            return
        modes, delivery = about
        found = [
            Way(api, mode)
            for api in self.load_destination().spec.apis
            for mode, given in api.delivery.items()
            if mode in modes and delivery in (None, given)
        ]
        skip = pytest.mark.skip(reason="the spec declares no such way to write")
        metafunc.parametrize("way", found or [pytest.param(None, marks=skip)], ids=str)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Raise `TypeError` if a subclass overrides a test of the kit."""
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith(_KIT):
            return
        fixed = {name for base in cls.__mro__ if base.__module__.startswith(_KIT) for name in vars(base)}
        fixed = {name for name in fixed if name.startswith("test_")} | {
            "pytest_generate_tests",
            "subject",
            "load_destination",
        }
        own = {name for base in cls.__mro__ if not base.__module__.startswith(_KIT) for name in vars(base)}
        overridden = ", ".join(sorted(fixed & own))
        if overridden:
            raise TypeError(
                f"{cls.__name__} overrides {overridden} of the conformance kit, which stands for the contract; "
                f"mend the destination, or leave the capability out of its spec"
            )
