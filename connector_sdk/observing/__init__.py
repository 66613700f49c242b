"""Observe a run: redact its API calls, count them, and record them for debugging."""
