"""Notebooks as a destination of connector-sdk."""
