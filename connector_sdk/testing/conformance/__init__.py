"""The conformance kit: the tests that every destination must pass, selected by the destination's own spec.

    from connector_sdk.testing.conformance import DestinationConformance

    class TestLedger(DestinationConformance):
        destination = "ledger"                      # its type, or Destination("ledger", plugin)

        def config(self):
            return Config(url="http://127.0.0.1:8080", token=Secret("test"))

This is all you need if the kit can make samples from the schema. The kit skips capabilities that the spec does not
declare. A test of the kit cannot be overridden. Override these methods if the schema does not say enough:

- `value(field, number)`: return a sample for a field whose rules the schema cannot express, or None to let the kit
  make one up;
- `object_for(mode)`: return the object to write in a mode, instead of the first that supports it;
- `options()`: return the options of a sync, instead of the defaults;
- `present(subject, object_name, fields)`: read records back, if the destination has no `read_records`;
- `lose_next_answer(subject, way)`: make the destination execute the next batch and lose its answer.
"""

from connector_sdk.testing.conformance.describing import Describing
from connector_sdk.testing.conformance.failing import Failing
from connector_sdk.testing.conformance.recovering import Recovering
from connector_sdk.testing.conformance.writing import Writing

__all__ = ["DestinationConformance"]


class DestinationConformance(Describing, Writing, Failing, Recovering):
    """All tests of the kit. Subclass it under a name that starts with `Test`."""
