"""Fields to columns: what each field is filled with, in SQL."""
