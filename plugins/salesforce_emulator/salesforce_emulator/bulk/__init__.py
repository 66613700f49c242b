"""The calls of Bulk API (1.0). Bulk API Developer Guide."""
