"""Calls over HTTP: sent, redacted, bounded, and their bodies read."""
