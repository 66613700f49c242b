"""The rows that differ from what the destination accepted: changes, removals and merges."""
