"""The command `connector`: the only place of the core that prints."""

from __future__ import annotations


def main() -> None:
    """Run the console script."""
    # imported here so that importing one module of this package does not load every command
    from connector_sdk.cli.app import connector

    connector.main()
