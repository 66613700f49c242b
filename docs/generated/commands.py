"""The page of the commands: what click knows of each, with a few words about where to read on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import click

from connector_sdk.cli.app import PluginCommands, connector
from connector_sdk.cli.records import TABLE_ROWS
from connector_sdk.cli.settings import VARIABLE as PROJECT
from connector_sdk.state.folder import VARIABLE as STATE
from connector_sdk.state.tokens import VARIABLE as TOKENS
from docs.generated.markdown import NONE, code, fenced, join_blocks, mark_commands, table

_HEAD = """\
# Commands

`connector COMMAND` does one thing to a project. `connector --help` (or `-h`) lists the commands, and
`connector COMMAND --help` explains one of them. `connector --version` shows the version.
If the script is not on the path, `python -m connector_sdk.cli` is the same command.

Data go to stdout, everything else to stderr. The [exit code](exit-codes.md) says how a command ended.

This page is written by `make docs` from the commands themselves.
"""

_SECTIONS: Mapping[str, Sequence[str]] = {
    "Start a project": ("init", "schema"),
    "Look before you write": ("check", "discover", "plan"),
    "Write": ("run",),
    "Look back": ("runs", "show", "rows", "calls"),
    "Settle and understand": ("resolve", "explain"),
}
_OTHERS = "Other commands"

_ARGUMENTS: Mapping[tuple[str, str], str] = {
    ("init", "DIRECTORY"): "The folder of the new project. It is created if it does not exist.",
    ("discover", "CONNECTION"): "A connection of the project.",
    ("discover", "OBJECT"): "An object of the connection. Without it, the command lists the objects.",
    ("plan", "SYNC"): "A sync of the project. The name of a sequence stands for its syncs.",
    ("run", "SYNC|SEQUENCE"): "A sync of the project, or a sequence for its syncs in their order.",
    ("show", "RUN"): "The id of a run, from `connector runs`.",
    ("rows", "RUN"): "The id of a run, from `connector runs`.",
    ("calls", "RUN"): "The id of a run, from `connector runs`.",
    ("resolve", "RUN|SYNC"): "The id of a run, or the name of a sync for all of its runs.",
    ("explain", "CODE"): "An error code, in any case; it may have several words.",
}

_EXAMPLES: Mapping[str, Sequence[str]] = {
    "init": ("connector init my-project",),
    "schema": ("connector schema > connector.schema.json",),
    "check": ("connector check",),
    "discover": ("connector discover crm", "connector discover crm Contact --refresh"),
    "plan": ("connector plan contacts", "connector plan nightly --detailed-exitcode"),
    "run": (
        "connector run contacts",
        "connector run nightly --output json",
        "connector run contacts --accept max_removed",
    ),
    "runs": ("connector runs --sync contacts --limit 5",),
    "show": ("connector show 20260131-021501-2342f9c",),
    "rows": ("connector rows 20260131-021501-2342f9c --outcome rejected --output csv",),
    "calls": ("connector calls 20260131-021501-2342f9c",),
    "resolve": ("connector resolve contacts", "connector resolve contacts --sent --key c-17"),
    "explain": ("connector explain INVALID_EMAIL_ADDRESS",),
}

_READ_ON: Mapping[str, str] = {
    "init": "The [tutorial](tutorial.md) starts with this command.",
    "schema": "The same schema without settings of plugins is [connector.schema.json](../connector.schema.json).",
    "check": "It exits with 64 for a mistake in the project, and with 69 if only a login fails.",
    "plan": "[Saved plans](runs.md#saved-plans) says when a plan that was kept is refused.",
    "run": "[Runs](runs.md) explains the report and what happens when a run stops. "
    "[First runs](first-runs.md) explains `--first-run`, and [guards](guards.md) explains `--accept`.",
    "runs": "[States](runs.md#states) lists what the column `state` can say.",
    "show": "[The report](runs.md#the-report) explains every line.",
    "rows": "[Rows](runs.md#rows) explains every column.",
    "resolve": "[Held rows](held-rows.md) explains when rows are held. It exits with 3 if it lists any.",
    "explain": "The codes of Salesforce are also [a page](../salesforce/errors.md).",
}

_PLUGINS = """\
## Commands of destinations

A destination can bring commands of its own, under its name: `connector TYPE COMMAND`. `connector --help` lists the
installed ones.

| command | where to read on |
|---|---|
| `connector salesforce login`, `logout`, `whoami` | [Logging in](../salesforce/login.md) |
| `connector salesforce-events login`, `logout`, `whoami` | [Logging in](../salesforce/login.md) |
| `connector salesforce-picklist login`, `logout`, `whoami` | [Logging in](../salesforce/login.md) |
| `connector salesforce-picklist restore` | [Bringing values back](../salesforce/picklist.md#bringing-values-back) |
"""


def page() -> str:
    """Return the whole page."""
    commands = core_commands()
    return join_blocks([_HEAD, *_describe_shared_options(), *_sections(commands), _PLUGINS])


def core_commands() -> dict[str, click.Command]:
    """Return the commands that are not a destination's, in the order of `connector --help`."""
    with click.Context(connector, info_name="connector") as context:
        found = {name: connector.get_command(context, name) for name in connector.list_commands(context)}
    return {name: each for name, each in found.items() if each and not isinstance(each, PluginCommands)}


def examples() -> list[str]:
    """Return every command that the page shows."""
    return [each for lines in _EXAMPLES.values() for each in lines]


def _describe_shared_options() -> Iterator[str]:
    """Yield what all commands have in common."""
    options = [each for each in connector.params if isinstance(each, click.Option) and each.name != "version"]
    yield "## Options of every command"
    yield "They may stand before or behind the name of the command."
    yield _option_table(options)
    yield f"A table shows the first {TABLE_ROWS} lines; `--output csv` and `--output json` write all of them."
    yield table(
        ("environment variable", "what it sets"),
        (
            (code(PROJECT), "the project file or folder, where `--project` is not given"),
            (code(STATE), "the state folder, where `--state` is not given"),
            (code(TOKENS), "where logins are kept: `file` (the default), or `keyring`"),
        ),
    )


def _sections(commands: Mapping[str, click.Command]) -> Iterator[str]:
    named = {each for names in _SECTIONS.values() for each in names}
    for title, names in {**_SECTIONS, _OTHERS: [each for each in commands if each not in named]}.items():
        if names:
            yield f"## {title}"
        for name in names:
            yield from _command(name, commands[name])


def _command(name: str, command: click.Command) -> Iterator[str]:
    shared = {each.name for each in connector.params}
    context = click.Context(command, info_name=name)
    yield f"### `connector {name}`"
    yield from (mark_commands(" ".join(each.split())) for each in (command.help or "").split("\n\n"))
    yield fenced(" ".join(("connector", name, *command.collect_usage_pieces(context))), "text")
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    yield table(("argument", "what it is"), (_argument(name, each) for each in arguments))
    options = [each for each in command.params if isinstance(each, click.Option)]
    yield _option_table([each for each in options if each.name not in shared])
    if name in _EXAMPLES:
        yield fenced("\n".join(f"$ {each}" for each in _EXAMPLES[name]), "console")
    yield _READ_ON.get(name, "")


def _argument(command: str, argument: click.Argument) -> tuple[str, str]:
    name = (argument.metavar or str(argument.name).upper()).strip("[].")
    several = " Several may be given." if argument.nargs == -1 else ""
    return code(name), f"{_ARGUMENTS.get((command, name), '')}{several}".strip()


def _option_table(options: Sequence[click.Option]) -> str:
    return table(("option", "default", "what it does"), (_option(each) for each in options))


def _option(option: click.Option) -> tuple[str, str, str]:
    name = ", ".join(code(" ".join(filter(None, (each, _value(option))))) for each in option.opts)
    text, default = (option.help or "").removesuffix("."), NONE
    if text.endswith("]"):  # the help of a shared option ends with its default
        text, _, default = text.removesuffix("]").rpartition(" [")
    elif option.show_default:
        default = str(option.default)
    several = " May be repeated." if option.multiple and "repeated" not in text else ""
    return name, default if " " in default or default == NONE else code(default), f"{mark_commands(text)}.{several}"


def _value(option: click.Option) -> str:
    """Return what is written behind an option; empty where it is a switch."""
    if option.metavar or option.is_flag:
        return option.metavar or ""
    if isinstance(option.type, click.Choice):
        return "|".join(str(each) for each in option.type.choices)
    return "N" if isinstance(option.type, click.IntRange) else option.type.name.upper()
