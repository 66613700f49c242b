"""Logging in to Salesforce, by every flow."""
