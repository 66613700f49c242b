"""One run from begin to end, as named steps."""
