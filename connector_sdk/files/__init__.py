"""Files that are private to one user, durable when written, and explained when they cannot be read."""
