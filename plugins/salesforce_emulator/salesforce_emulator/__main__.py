"""The command `salesforce-emulator`."""

from __future__ import annotations

import gc
import json
import signal
from pathlib import Path

import click

from salesforce_emulator.app import build_app
from salesforce_emulator.org.json_schema import org_file_schema
from salesforce_emulator.org.reading import OrgError, read_org
from salesforce_emulator.server import Server, bind_sockets, url_of
from salesforce_emulator.world import World

_SCHEMA_HELP = "Print the JSON Schema of an org file."


def _print_schema(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(json.dumps(org_file_schema(), indent=2))
        context.exit()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--port", default=8765, show_default=True, help="Port of the APIs; 0 means any free port.")
@click.option("--login-port", type=int, help="Port of the login host.  [default: the next port]")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--org",
    "org_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of the org.",
)
@click.option("--seed", default=0, show_default=True, help="Seed for tokens and for the order of batches.")
@click.option("--schema", is_flag=True, is_eager=True, expose_value=False, callback=_print_schema, help=_SCHEMA_HELP)
@click.version_option(package_name="salesforce-emulator")
def main(port: int, login_port: int | None, host: str, org_file: Path | None, seed: int) -> None:
    """Run a Salesforce org on this machine.

    Print one line of JSON to stdout as soon as the org is ready. It holds the addresses and the login data. SIGTERM and
    Ctrl-C stop the org.
    """
    try:
        world = World(read_org(org_file), seed)
        bound = bind_sockets(host, port, login_port)
    except OrgError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(str(error)) from error
    world.hosts.instance, world.hosts.login = map(url_of, bound)
    # Records hold no reference cycles. Without this, a full collection of millions of records would pause every call
    # for a second.
    gc.set_threshold(10_000, 50, 100_000)
    # After its shutdown, uvicorn raises a captured signal again. Ignore it, so that the process exits normally.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    Server(build_app(world), lambda: click.echo(json.dumps(_facts(world)))).run(sockets=list(bound))
    world.close()


def _facts(world: World) -> dict[str, str]:
    application = world.org.application
    return {
        "login_url": world.hosts.login,
        "instance_url": world.hosts.instance,
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        "username": world.org.username,
    }


if __name__ == "__main__":
    main()
