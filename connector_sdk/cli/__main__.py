"""The command `connector` as `python -m connector_sdk.cli`, for systems where its script is not on the path."""

from connector_sdk.cli import main

main()
