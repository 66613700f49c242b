"""An org as a file: objects, fields, records and limits."""
