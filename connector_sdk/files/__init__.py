"""Write files that are private to one user and durable, and explain files that cannot be read."""
