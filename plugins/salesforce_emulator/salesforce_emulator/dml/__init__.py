"""The only code that turns rows into records, for every API."""
