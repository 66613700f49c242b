"""Salesforce records as a destination of connector-sdk."""
