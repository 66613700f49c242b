"""The org file: an org's objects, fields, records and limits."""
