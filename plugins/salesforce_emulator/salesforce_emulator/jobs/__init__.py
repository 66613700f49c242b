"""The stored jobs of both Bulk APIs, and the work on them."""
