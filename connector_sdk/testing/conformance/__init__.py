"""The conformance kit: what every destination must keep to, as tests that choose themselves from its own spec.

    from connector_sdk.testing.conformance import DestinationConformance

    class TestLedger(DestinationConformance):
        destination = "ledger"                      # its type, or Destination("ledger", plugin)

        def config(self):
            return Config(url="http://127.0.0.1:8080", token=Secret("test"))

That is all, where samples can be made from the schema. A capability that the spec does not declare is not tested; a
test of the kit cannot be overridden. What a destination may say about its data beyond the schema:

- `value(field, number)`: a sample for a field whose rules the schema cannot express (None: leave the field out);
- `object_for(mode)`: the object to write in a mode, instead of the first that offers it;
- `options()`: the options of a sync, instead of the defaults;
- `present(subject, object_name, fields)`: read records back, for a destination without `read_records`;
- `lose_next_answer(subject, way)`: let the next batch be executed and its answer be lost.
"""

from connector_sdk.testing.conformance.describing import Describing
from connector_sdk.testing.conformance.failing import Failing
from connector_sdk.testing.conformance.recovering import Recovering
from connector_sdk.testing.conformance.writing import Writing

__all__ = ["DestinationConformance"]


class DestinationConformance(Describing, Writing, Failing, Recovering):
    """All tests of the kit; subclass it with a name that starts with `Test`."""
