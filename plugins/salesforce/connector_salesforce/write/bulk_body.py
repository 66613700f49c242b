"""Build the body of a batch for either Bulk API. A failure here happens before anything is sent."""

from __future__ import annotations

import pyarrow as pa

from connector_salesforce.org.org import Org
from connector_salesforce.write.cells import Lines
from connector_salesforce.write.column_targets import targets
from connector_salesforce.write.csv_rows import csv_lines
from connector_sdk import Batch, NotExecuted


def bulk_body(org: Org, batch: Batch, most: int) -> Lines:
    """Return a batch as CSV of less than `most` bytes. Raises `NotExecuted`."""
    for each in batch.rows.schema:
        if pa.types.is_binary(each.type) or pa.types.is_large_binary(each.type):
            raise NotExecuted("BASE64_NOT_IN_BULK", f"{each.name} is binary, which the Bulk API does not take in CSV")
    lines = csv_lines(batch, targets(org, batch))
    if len(lines.body) >= most:
        raise NotExecuted("BODY_TOO_LARGE", f"the batch has {len(lines.body):,} bytes", split=True)
    return lines
