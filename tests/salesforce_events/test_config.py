from __future__ import annotations

import pytest
from connector_salesforce_events import Options

from .projects import Project, orders


def test_the_calls_that_a_run_leaves_to_others_are_no_fewer_than_none() -> None:
    with pytest.raises(ValueError, match="-1 is below 0"):
        Options(keep_api_calls=-1)
    assert Options(keep_api_calls=0).keep_api_calls == 0


def test_a_project_that_leaves_fewer_calls_than_none_is_refused_before_anything_is_published(project: Project) -> None:
    project.sync(options={"keep_api_calls": -1})
    project.model(orders(1))
    run = project.run()
    assert run.exit == 64
    assert "syncs.orders.options.keep_api_calls: -1 is below 0" in " ".join(run.said.split())
    assert project.read_published() == []
