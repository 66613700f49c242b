"""The command `connector`: the only place of the core that prints."""

from __future__ import annotations


def main() -> None:
    """The console script."""
    from connector_sdk.cli.app import connector  # what a module of this package needs is not all of them

    connector.main()
