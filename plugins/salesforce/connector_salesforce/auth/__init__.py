"""The login to Salesforce, by every flow."""
