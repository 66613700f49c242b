"""Salesforce platform events as a destination of connector-sdk."""

from connector_salesforce_events.config import Options

__all__ = ["Options"]
