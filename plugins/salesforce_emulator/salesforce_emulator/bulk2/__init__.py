"""The calls of Bulk API 2.0: ingest jobs and query jobs. Bulk API 2.0 and Bulk API Developer Guide."""
