"""The page of the exit codes: those of `ExitCode`, each with what it means and what a scheduler does about it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen

from connector_sdk import ExitCode
from docs.generated.markdown import code, fenced, join_blocks, table


class Next(StrEnum):
    """What a scheduler does after a command has ended."""

    NOTHING = "nothing"
    RETRY = "retry"
    NOTIFY = "notify"


@frozen
class Meaning:
    """When a code is returned, what a scheduler does, and the reason or the next step."""

    when: str
    next: Next
    advice: str


MEANINGS: Mapping[ExitCode, Meaning] = {
    ExitCode.OK: Meaning("All rows were accepted, or there was nothing to do.", Next.NOTHING, "The command is done."),
    ExitCode.ROWS_FAILED: Meaning(
        "The run finished, and some rows were not accepted: rejected, unprocessed or unknown.",
        Next.NOTIFY,
        "`connector rows RUN --outcome rejected` lists the rows. The next scheduled run tries them again.",
    ),
    ExitCode.CHANGES: Meaning(
        "Only `connector plan --detailed-exitcode`: the plan has rows. Rejected rows count, held rows do not.",
        Next.NOTHING,
        "Start `connector run` if you want the changes.",
    ),
    ExitCode.HELD: Meaning(
        "Rows of the sync are held: a run could not learn what became of them. `connector resolve` also ends with 3 "
        "when it lists held rows.",
        Next.NOTIFY,
        "`connector resolve SYNC` lists the rows. Each run ends with 3 until a person has settled them.",
    ),
    ExitCode.STOPPED: Meaning(
        "The run could not go on: the destination keeps failing, a quota is used up, the disk is full, or the state "
        "folder cannot be used.",
        Next.RETRY,
        "Wait ten minutes. The next run finishes this one before it plans anything new. Notify after several retries.",
    ),
    ExitCode.LOCKED: Meaning(
        "Another run of the sync is in progress.", Next.NOTHING, "Skip this time, and notify if it lasts."
    ),
    ExitCode.GUARD: Meaning(
        "A guard stopped the run before it wrote. A saved plan that is out of date, the first run of an insert "
        "without `--first-run`, and another account have the same code.",
        Next.NOTIFY,
        "`connector plan SYNC` shows why. A person corrects the model, or runs once with the option that the message "
        "names.",
    ),
    ExitCode.CONFIG: Meaning(
        "The command line, the project file or a mapping is wrong.",
        Next.NOTIFY,
        "`connector check` lists all mistakes. A retry ends the same way.",
    ),
    ExitCode.UNREACHABLE: Meaning(
        "The destination cannot be reached, or refuses the login.",
        Next.RETRY,
        "Wait ten minutes, and notify after a few retries. Do not retry faster: failed logins can lock the user.",
    ),
    ExitCode.BUG: Meaning(
        "An error in connector-sdk or in a plugin.",
        Next.NOTIFY,
        "Report it with the file that the message names, or with the output of `--verbose`.",
    ),
    ExitCode.INTERRUPTED: Meaning(
        "Ctrl-C, or a host cancelled the run.", Next.RETRY, "The next run finishes this one first."
    ),
    ExitCode.TERMINATED: Meaning(
        "SIGTERM, as from a scheduler that shuts down.", Next.RETRY, "The next run finishes this one first."
    ),
}

_HEAD = """\
# Exit codes

Every command ends with one of these codes. The message on stderr says what happened and what to do next.

This page is written by `make docs` from `connector_sdk.ExitCode`.
"""

_SEVERAL = """\
A command that runs several syncs ends with the highest of their codes. After a sync that ended with 4 or more,
`connector run` starts no further sync.

A process that is killed (SIGKILL) leaves no code of its own; a shell says 137. Treat it like 143: the next run finishes
the one that was killed.

From Python, `error.exit_code` of every `ConnectorError` and `report.exit` of every report hold the
[same codes](../hosts/api.md).

## In a scheduler

This script is for a scheduler that starts a job again when it fails. `notify` stands for your own way to tell a person.
"""

_JSON = """\
## The report behind the code

`connector run --output json` writes one object for each run to stdout. `exit` is the code of that run alone, and
`codes` says why rows were not accepted.
"""

_EMPTY = """\
The list is empty when no run began, as with the code 5. After a mistake on the command line there is no output at all.
So look at the exit code first. [Runs](runs.md#the-report) explains every key.
"""

REPORT = """\
[{"run": "20260131-021501-2342f9c", "sync": "people", "resumed": false, "state": "finished", "exit": 1,
  "rows": {"read": 3, "removed": 0, "unchanged": 0, "planned": 3,
           "succeeded": 2, "rejected": 1, "skipped": 0, "unprocessed": 0, "unknown": 0},
  "actions": {"created": 2, "updated": 0, "deleted": 0, "cleared": 0, "merged": 0, "deactivated": 0},
  "calls": {"made": 1, "remaining": null}, "seconds": 2.4, "held": 0, "in_flight": 0, "possible_duplicates": 0,
  "codes": [{"code": "REQUIRED", "outcome": "rejected", "rows": 1,
             "advice": "Fill it in the model, or set null: keep on the field."}],
  "batches": {"planned": 1, "done": 1, "in_flight": 0}, "started": "2026-01-31T02:15:01.102+00:00"}]
"""
"""What a run of two accepted rows and a rejected one writes."""


def page() -> str:
    """Return the whole page."""
    rows = ((str(int(each)), code(each.name), *_cells(MEANINGS[each])) for each in ExitCode)
    return join_blocks(
        [
            _HEAD,
            table(("code", "name", "when", "scheduler", "what to do"), rows),
            _SEVERAL,
            fenced(script(), "sh"),
            _JSON,
            fenced(REPORT, "json"),
            _EMPTY,
        ]
    )


def _cells(meaning: Meaning) -> tuple[str, str, str]:
    return meaning.when, str(meaning.next), meaning.advice


def script() -> str:
    """Return a script that does after each code what the table says."""
    done, again = (" | ".join(_numbers(each)) for each in (Next.NOTHING, Next.RETRY))
    return f"""\
connector run nightly --output json > report.json
code=$?
case $code in
{done}) exit 0 ;;
{again}) exit $code ;;    # failed: the scheduler tries again, and the run is resumed
*) notify "connector run nightly ended with $code" report.json ;;    # another try would not help
esac
"""


def _numbers(next_: Next) -> list[str]:
    return [str(int(each)) for each, meaning in MEANINGS.items() if meaning.next is next_]
