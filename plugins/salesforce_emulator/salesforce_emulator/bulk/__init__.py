"""Bulk API (1.0): jobs, batches, results. Bulk API Developer Guide."""
