"""The writers, one for each API, with the same signature."""
