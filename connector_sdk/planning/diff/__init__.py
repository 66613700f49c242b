"""What changed: rows to write, rows that left, and rows that cannot be sent."""
