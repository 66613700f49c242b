"""The values of Salesforce picklists as a destination of connector-sdk."""

from connector_salesforce_picklist.config import Options

__all__ = ["Options"]
