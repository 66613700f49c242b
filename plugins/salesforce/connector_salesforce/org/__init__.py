"""The objects, fields, records and permissions of an org."""
