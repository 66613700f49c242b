"""The org's automation of rows: rules, triggers and assignment."""
