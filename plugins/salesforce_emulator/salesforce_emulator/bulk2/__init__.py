"""Bulk API 2.0: jobs that load data, and jobs that query. Bulk API 2.0 and Bulk API Developer Guide."""
