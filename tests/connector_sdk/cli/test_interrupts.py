from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from connector_sdk.cli.interrupts import interruptible

PATIENT = """
import sys
from connector_sdk.cli.interrupts import interruptible
with interruptible() as interrupt:
    print("ready", flush=True)
    interrupt.cancel.wait(30)
sys.exit(interrupt.code)
"""
DEAF = """
import hashlib, sys
from connector_sdk.cli import interrupts
interrupts.GRACE = float(sys.argv[1])
with interrupts.interruptible():
    print("ready", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""


def end_by(script: str, *signals: signal.Signals, grace: str = "0.2") -> tuple[int, str]:
    with subprocess.Popen(
        [sys.executable, "-c", script, grace], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for each in signals:
            process.send_signal(each)
            time.sleep(0.1)
        code = process.wait(60)
        assert process.stderr is not None
        return code, process.stderr.read()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_sets_the_event_and_the_exit_code(number: signal.Signals, code: int) -> None:
    assert end_by(PATIENT, number)[0] == code


def test_a_process_that_computes_in_a_library_is_ended_when_its_time_is_up() -> None:
    code, said = end_by(DEAF, signal.SIGTERM)
    assert code == 143
    assert "run again to go on" in said


def test_a_second_signal_ends_at_once() -> None:
    code, _ = end_by(DEAF, signal.SIGINT, signal.SIGINT, grace="600")
    assert code == 130


def test_without_a_signal_nothing_is_left_behind() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with interruptible() as interrupt:
        pass
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert interrupt.code is None
    assert not interrupt.cancel.is_set()


def test_a_signal_that_means_something_else_ends_nothing() -> None:
    met: list[int] = []
    former = signal.signal(signal.SIGUSR1, lambda number, _: met.append(number))
    try:
        with interruptible() as interrupt:
            signal.raise_signal(signal.SIGUSR1)
            assert not interrupt.cancel.wait(0.2)
            signal.raise_signal(signal.SIGTERM)
            assert interrupt.cancel.wait(10)
    finally:
        signal.signal(signal.SIGUSR1, former)
    assert met == [signal.SIGUSR1]
    assert interrupt.code == 143
