"""What an org has: objects, fields, records and permissions."""
