"""The question whether a batch without an answer was executed; a crash and a lost answer are handled alike."""

from __future__ import annotations

from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.contract.errors import ConnectorError, Stale
from connector_sdk.contract.outcome import NOT_EXECUTED, Recovery, Unknown, WriteResult
from connector_sdk.delivery.attempt import BatchAttempt
from connector_sdk.delivery.context import BatchDelivery
from connector_sdk.delivery.retry import Failure

_NO_ANCHOR = Unknown("The answer was lost and the destination names no batch; look for the row there by its values.")


def settle(delivery: BatchDelivery) -> WriteResult | Recovery | Unknown:
    """Find out what became of a batch that may have been executed; return NOT_EXECUTED only if that is proven.

    If the batch has an anchor, ask the destination. Without one, the batch was not executed if its API anchors each
    batch before executing it, as one with exactly-once delivery does. With any other API, its fate is unknown.

    Raises `Failure` when the destination cannot tell now.
    """
    attempt = BatchAttempt(delivery.run, delivery.batch, delivery.batch.attempts)
    if attempt.anchors:
        return _ask_destination(delivery, attempt)
    return NOT_EXECUTED if delivery.run.anchors_first else _NO_ANCHOR


def _ask_destination(delivery: BatchDelivery, attempt: BatchAttempt) -> WriteResult | Recovery | Unknown:
    run = delivery.run
    crashpoint("before recover_batch")
    try:
        answer = run.destination.recover_batch(run.connection, delivery.rows.batch, run.options, attempt)
    except (ConnectorError, Stale):
        raise
    except Exception as error:
        classification = run.errors.of_exception("recover_batch", error)
        raise Failure(type(error).__name__, str(error), classification) from error
    crashpoint("after recover_batch")
    return answer
