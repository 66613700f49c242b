"""The reference destination: a complete plugin for a small service that keeps its records in one SQLite file.

`plugin` is the plugin, and `Store` is the service behind it. Tests read from the store which rows the service
executed, and add faults to it.

    store = Store.at(path)
    store.add_fault(Fault(FaultKind.ROW, key="k7", code="locked"))
    run(project, "people", destinations={"reference": Destination("reference", plugin)})
    assert store.execution_counts("people") == {"k7": 1}
"""

from connector_sdk.testing.reference import plugin
from connector_sdk.testing.reference.faults import Fault, FaultKind
from connector_sdk.testing.reference.service import LostAnswerError
from connector_sdk.testing.reference.store import Executed, Store

__all__ = ["Executed", "Fault", "FaultKind", "LostAnswerError", "Store", "plugin"]
