from __future__ import annotations

import pytest

from connector_sdk import ConfigError
from connector_sdk.hooks.observers import Observers


def test_every_observer_that_would_never_be_called_is_refused_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        Observers([object(), object()])
    assert [each.path for each in refused.value.problems] == [("observers", 0), ("observers", 1)]
    assert all("has no hook" in each.message for each in refused.value.problems)
