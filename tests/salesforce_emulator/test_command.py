"""The command: one line when ready, a clean end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from tests.salesforce_emulator.client import Client


def start_emulator(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "salesforce_emulator", "--port", "0", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_one_line_serves_and_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    process = start_emulator("--seed", "3")
    assert process.stdout is not None
    facts = json.loads(process.stdout.readline())
    assert set(facts) == {"login_url", "instance_url", "client_id", "client_secret", "username"}
    form = {key: facts[key] for key in ("client_id", "client_secret")} | {"grant_type": "client_credentials"}
    with requests.Session() as http:
        token = http.post(f"{facts['login_url']}/services/oauth2/token", data=form, timeout=5).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert http.get(f"{facts['instance_url']}/services/data/v58.0/limits", headers=headers, timeout=5).ok
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_bad_org_file_ends_it_with_every_problem(tmp_path: Path) -> None:
    file = tmp_path / "org.yml"
    file.write_text("extends: default\npageSize: 0\nusername: nobody\n", encoding="utf-8")
    process = start_emulator("--org", str(file))
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, "")
    assert "pageSize" in err
    assert "nobody" in err


def test_a_port_that_is_taken_is_said() -> None:
    process = start_emulator()
    assert process.stdout is not None
    port = json.loads(process.stdout.readline())["login_url"].rpartition(":")[2]
    second = start_emulator("--port", port)
    _, err = second.communicate(timeout=120)
    process.terminate()
    process.communicate(timeout=120)
    assert second.returncode == 1
    assert f"port {port} on 127.0.0.1 cannot be used" in err


@pytest.mark.long
def test_a_million_records_fit_in_two_gigabytes() -> None:
    process = start_emulator()
    assert process.stdout is not None
    told: Any = SimpleNamespace(**json.loads(process.stdout.readline()))
    client = Client(told)
    job = client.job("insert", "Contact")
    for batch in range(100):
        rows = (f"k{batch}-{row},First,Last {row},k{batch}-{row}@example.com\n" for row in range(10_000))
        sent = client.batch(job, "External_Id__c,FirstName,LastName,Email\n" + "".join(rows))
        assert client.wait_for_batch(job, sent)["numberRecordsFailed"] == "0"
    (count,) = client.rest("GET", "/limits/recordCount?sObjects=Contact").json()["sObjects"]
    used = Path(f"/proc/{process.pid}/status").read_text()
    client.close()
    process.terminate()
    process.communicate(timeout=120)
    assert count["count"] == 1_000_000
    assert int(used.partition("VmHWM:")[2].split()[0]) < 2_000_000
