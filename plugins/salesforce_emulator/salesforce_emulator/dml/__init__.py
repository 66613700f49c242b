"""The one place where a row becomes a record, whichever API brought it."""
