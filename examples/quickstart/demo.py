"""A tour: a Salesforce org on this machine, two syncs, a run, a few rows changed, another run, the report."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = Path("demo-project")
COMMANDS = Path(sys.executable).parent


def main() -> None:
    """Run the tour in a fresh copy of the example."""
    shutil.rmtree(PROJECT, ignore_errors=True)
    shutil.copytree(HERE, PROJECT, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    say("A Salesforce org on this machine (an emulator, in memory)")
    with salesforce_org() as environment:
        say("What would be sent? Nothing is written yet.")
        connector("plan", "accounts", environment=environment)
        say("Send it: accounts first, then the contacts that refer to them.")
        connector("run", "nightly", environment=environment)
        say("Three contacts change in the warehouse, and one of the rejected rows is mended ...")
        change_rows()
        say("... so the second run sends those, and tries what was rejected before.")
        connector("run", "nightly", environment=environment)
        run = latest_run(environment)
        say("Every row that was not accepted, with the reason and what to do about it")
        connector("rows", run, "--outcome", "rejected", environment=environment)
    say("Where everything lies")
    print(f"  {PROJECT}/connector.yml            the project: a connection, two models, two syncs")
    print(f"  {PROJECT}/data/                    the models' rows")
    print(f"  {PROJECT}/.connector/              the state: journal, snapshots, ledgers, recorded calls")
    say("What to try next")
    for line in (
        f"{COMMANDS}/connector --project {PROJECT} runs",
        f"{COMMANDS}/connector --project {PROJECT} calls {run}",
        f"{COMMANDS}/connector --project {PROJECT} explain DUPLICATE_VALUE",
        f"{COMMANDS}/connector init my-project",
    ):
        print(f"  {os.path.relpath(line.split()[0])} {' '.join(line.split()[1:])}")


def change_rows() -> None:
    """Edit the contacts as a warehouse would: two names, one e-mail address and one corrected date."""
    path = PROJECT / "data" / "contacts.csv"
    text = path.read_text(encoding="utf-8")
    for before, after in (
        (",Everest,", ",Sagarmatha,"),
        (",Denali,", ",Mount Denali,"),
        ("peak3@example.com", "kangchenjunga@example.com"),
        ("1999-02-30", "1999-02-28"),
    ):
        assert before in text
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")


@contextmanager
def salesforce_org() -> Iterator[Mapping[str, str]]:
    """Start an emulated org on a free port, and yield the environment variables that the project file uses."""
    command = [str(COMMANDS / "salesforce-emulator"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        try:
            org = json.loads(emulator.stdout.readline())
            print(f"  {org['instance_url']}")
            yield {
                **os.environ,
                "SF_LOGIN_URL": org["login_url"],
                "SF_CLIENT_ID": org["client_id"],
                "SF_CLIENT_SECRET": org["client_secret"],
            }
        finally:
            emulator.terminate()


def connector(*arguments: str, environment: Mapping[str, str]) -> None:
    """Run a command as a user would. Raises `SystemExit` above exit code 3; lower codes only report on rows."""
    print(f"$ connector {' '.join(arguments)}", flush=True)
    command = [str(COMMANDS / "connector"), "--project", str(PROJECT), *arguments]
    code = subprocess.run(command, env=dict(environment), check=False).returncode
    if code > 3:
        raise SystemExit(code)


def latest_run(environment: Mapping[str, str]) -> str:
    """Return the id of the last run."""
    command = [str(COMMANDS / "connector"), "--project", str(PROJECT), "--output", "json", "runs"]
    found = subprocess.run(command, env=dict(environment), check=True, stdout=subprocess.PIPE, text=True)
    run: str = json.loads(found.stdout)[0]["run"]
    return run


def say(text: str) -> None:
    """Print a heading."""
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    main()
