"""A Salesforce org on your machine."""
