"""Parse the errors of rows in the result files of both Bulk APIs.

Bulk API Developer Guide, "Handle Failed Records in Batches": `CODE:message:FIELD1,FIELD2 --`.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from connector_salesforce.write.results import normalize_columns

_ERROR = r"(?s)^(?P<code>[^:]*):(?P<message>.*):(?P<fields>[^:]*?) ?--\s*$"


def parse_errors(errors: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Return the code, message and fields of each error.

    A text of another form becomes the message, with the code UNKNOWN_ERROR.
    """
    parts = pc.extract_regex(errors, _ERROR)
    code = pc.fill_null(pc.struct_field(parts, "code"), "UNKNOWN_ERROR")
    message = pc.coalesce(pc.struct_field(parts, "message"), errors)
    return (*normalize_columns(code, message), without_empty(pc.fill_null(pc.struct_field(parts, "fields"), "")))


def without_empty(text: pa.Array) -> pa.Array:
    """Return text in which empty cells are null."""
    return pc.if_else(pc.equal(text, ""), None, text)
