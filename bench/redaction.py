"""The cost of redaction: microseconds per log line and per body, by the number of a connection's secrets.

    .venv/bin/python -m bench.redaction

It measures CPU time, so that a busy machine does not change the result.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from functools import partial

from connector_sdk.observing.redaction import Redactor

_BODY = 13_000
_ROUNDS = 100


def main() -> None:
    """Measure, and print a line for each number of secrets."""
    rows = [{"id": f"001{number:015}", "success": True, "errors": []} for number in range(300)]
    plain = json.dumps(rows, separators=(",", ":"))[:_BODY]
    escaped = json.dumps(json.dumps([{"id": number, "name": "\u00e4 \u00f6 \n"} for number in range(500)]))[:_BODY]
    print(f"{'secrets':>8} {'hide one':>9} {'line':>6} {'body':>6} {'escaped body':>13}   microseconds")
    for count in (1, 10, 100, 1_000):
        redactor, hidden = Redactor(), [_make_secret(number) for number in range(count)]
        started = time.process_time()
        for each in hidden:
            redactor.hide(each)
        hiding = (time.process_time() - started) / count * 1e6
        line, body, hard = (_measure(partial(redactor.scrub, text)) for text in (plain[:200], plain, escaped))
        print(f"{count:>8} {hiding:>9.0f} {line:>6.0f} {body:>6.0f} {hard:>13.0f}")


def _make_secret(seed: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!._"
    return "".join(random.Random(seed).choices(letters, k=80))


def _measure(work: Callable[[], object]) -> float:
    started = time.process_time()
    for _ in range(_ROUNDS):
        work()
    return (time.process_time() - started) / _ROUNDS * 1e6


if __name__ == "__main__":
    main()
