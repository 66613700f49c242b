"""Watch a run: redacted calls, counted and kept for the debugger."""
