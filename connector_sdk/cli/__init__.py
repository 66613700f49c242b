"""The command `connector`: the only place of the core that prints."""

from __future__ import annotations


def main() -> None:
    """Run the console script."""
    from connector_sdk.cli.app import connector  # a module of this package does not need all commands

    connector.main()
