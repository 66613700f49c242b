"""`python -m connector_sdk.cli`: the command `connector` where its script is not on the path."""

from connector_sdk.cli import main

main()
