"""The errors of Salesforce's APIs and their meaning."""
