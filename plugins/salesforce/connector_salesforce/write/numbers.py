"""Write numbers as text in plain notation, with every significant digit and no other.

SOAP API Developer Guide, "Primitive Data Types": a double may have an exponent. Plain digits are read everywhere.
"""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc


def format_numbers(numbers: pa.Array) -> pa.StringArray:
    """Return decimals or floats as text. A float has the fewest digits that mean it: `0.1`, `0.00001`, `5`."""
    text = _without_exponent(numbers.cast(pa.string()))
    if pa.types.is_floating(numbers.type):
        return pc.if_else(pc.equal(text, "-0"), "0", text)
    return _strip_zeros(text) if numbers.type.scale > 0 else text


def _strip_zeros(text: pa.StringArray) -> pa.StringArray:
    """Return numbers without their trailing zeros. Each number must have a decimal point."""
    return pc.ascii_rtrim(pc.ascii_rtrim(text, characters="0"), characters=".")


def strip_zeros(text: pa.StringArray) -> pa.StringArray:
    """Return numbers that another program wrote, but without trailing zeros, as `format_numbers` writes them."""
    has_point = pc.match_substring(text, ".")
    return pc.if_else(has_point, _strip_zeros(text), text)


def _without_exponent(text: pa.StringArray) -> pa.StringArray:
    """Return numbers in plain notation. Arrow writes very small and large ones with an exponent (`e` or `E`)."""
    has_exponent = pc.fill_null(pc.match_substring(text, "e", ignore_case=True), False)
    if not pc.any(has_exponent).as_py():
        return text
    written = text.filter(has_exponent).dictionary_encode()
    distinct = pa.array([f"{Decimal(each):f}" for each in written.dictionary.to_pylist()], pa.string())
    return pc.replace_with_mask(text, has_exponent, distinct.take(written.indices))
