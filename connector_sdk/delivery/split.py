"""New batches for some rows of a batch: rows to retry, the parts of a split batch, or the rows that remain."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from connector_sdk.contract.batch import Action
from connector_sdk.state.records import JournalledBatch, NewBatch, Ranges


def split_in_half(batch: JournalledBatch) -> tuple[NewBatch, ...]:
    """Return the two halves of a batch of at least two rows."""
    return cut(batch, (batch.rows + 1) // 2)


def cut(batch: JournalledBatch, size: int) -> tuple[NewBatch, ...]:
    """Return a batch in pieces of `size` rows each, the last one smaller."""
    return tuple(_batch(batch, ranges, batch.round) for ranges in _cut(batch.ranges, size))


def retry_batches(
    batch: JournalledBatch, rows: pa.Array, doubted: pa.Array, batch_size: int, *, whole: bool = False
) -> tuple[NewBatch, ...]:
    """Return batches for the rows to retry (numbers in the plan, rising), smaller with every round.

    `doubted` are other rows, which may have been executed. Nothing says that these were too many, so their batches keep
    their size. A list that replaces another one is never cut. With `whole`, the number of rows was not too large, and
    they are not cut into smaller batches either.
    """
    round_ = batch.round + 1
    if batch.action is Action.REPLACE:
        return (_batch(batch, batch.ranges, round_),) if len(rows) or len(doubted) else ()
    most = min(batch_size, batch.rows)
    size = most if whole else max(1, most >> round_)
    certain = (_batch(batch, ranges, round_) for ranges in _cut(ranges_of(rows), size))
    uncertain = (_batch(batch, ranges, round_, repeated=True) for ranges in _cut(ranges_of(doubted), most))
    return tuple(sorted((*certain, *uncertain), key=lambda each: each.ranges))


def remaining_batch(batch: JournalledBatch, rows: pa.Array) -> tuple[NewBatch, ...]:
    """Return a batch for the rows (numbers in the plan, rising) that are still sent while the others are not."""
    return (_batch(batch, ranges_of(rows), batch.round),) if len(rows) else ()


def _batch(parent: JournalledBatch, ranges: Ranges, round_: int, *, repeated: bool = False) -> NewBatch:
    found = {row: id_ for row, id_ in parent.found.items() if any(start <= row < stop for start, stop in ranges)}
    return NewBatch(
        parent.stage, parent.object_name, parent.action, parent.shape, ranges, round_, parent.lane, found,
        parent.submitted, repeated or parent.repeated,
    )  # fmt: skip


def ranges_of(rows: pa.Array) -> Ranges:
    """Return row numbers (rising) as ranges."""
    found: list[tuple[int, int]] = []
    for row in rows.to_pylist():
        if found and found[-1][1] == row:
            found[-1] = (found[-1][0], row + 1)
        else:
            found.append((row, row + 1))
    return tuple(found)


def _cut(ranges: Ranges, size: int) -> Iterator[Ranges]:
    """Yield pieces of `size` rows each, the last one smaller."""
    piece: list[tuple[int, int]] = []
    room = size
    for start, stop in ranges:
        while start < stop:
            end = min(stop, start + room)
            piece.append((start, end))
            room -= end - start
            start = end
            if room == 0:
                yield tuple(piece)
                piece, room = [], size
    if piece:
        yield tuple(piece)
