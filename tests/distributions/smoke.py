"""Use an installation as a user would: run it with the Python of the installation, away from the checkout."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from salesforce_emulator import Emulator

import connector_sdk as sdk

LICENSED = (
    "connector-sdk",
    "connector-salesforce",
    "connector-salesforce-picklist",
    "connector-salesforce-events",
    "salesforce-emulator",
)
PLUGINS = ("salesforce", "salesforce_picklist", "salesforce_events")
COMMANDS = Path(sys.executable).parent
QUICKSTART_SAYS = (
    "accounts: finished",
    "contacts: finished",
    "58 read = 51 unchanged + 7 planned",
    "3 succeeded, 4 rejected",
    "1 created, 2 updated",
)
KEY_PROJECT = """\
version: 1
connections:
  crm:
    type: salesforce
    login_url: {login_url}
    auth: {{flow: jwt, client_id: {client_id}, username: {username}, private_key: "${{file:server.key}}"}}
"""


def main(quickstart: Path) -> None:
    """Look for the licenses, load the plugins, try the commands, plan and run the quickstart, log in with a key."""
    check_licenses()
    for plugin in PLUGINS:
        assert sdk.load(plugin).spec.name == plugin
    check_commands()
    run_quickstart(quickstart)
    log_in_with_a_key()
    print("smoke: ok")


def check_licenses() -> None:
    """Raise `AssertionError` for a distribution that was installed without the text of its license."""
    for name in LICENSED:
        files = [each for each in distribution(name).files or () if "licenses" in each.parts]
        assert [each.name for each in files] == ["LICENSE"], f"{name}: {files}"
        assert "Apache License" in files[0].read_text(), name


def check_commands() -> None:
    """Raise `AssertionError` when a command does not start."""
    version = distribution("connector-sdk").version
    assert run("connector", "--version") == f"connector {version}\n"
    assert '"$schema"' in run("connector", "schema")
    run("connector", "init", "fresh-project")
    assert (Path("fresh-project") / "connector.yml").is_file()
    assert "--port" in run("salesforce-emulator", "--help")


def run_quickstart(quickstart: Path) -> None:
    """Raise `AssertionError` when the quickstart does not send what the README says, to the emulator."""
    said = run("python", str(quickstart / "demo.py"))
    missing = [each for each in QUICKSTART_SAYS if each not in said]
    assert not missing, f"{missing} not in:\n{said}"


def log_in_with_a_key() -> None:
    """Raise `AssertionError` when a server that signs with its key is not let into the emulator."""
    key = rsa.generate_private_key(65537, 2048)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    Path("server.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    with Emulator() as org:
        org.change_org({"application": {"certificate": public, "admitted": [org.username]}})
        project = KEY_PROJECT.format(login_url=org.login_url, client_id=org.client_id, username=org.username)
        Path("connector.yml").write_text(project)
        assert org.username in run("connector", "salesforce", "whoami")


def run(command: str, *arguments: str) -> str:
    """Run a command of the installation; return what it printed."""
    done = subprocess.run([str(COMMANDS / command), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
