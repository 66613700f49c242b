"""The fields of a destination, and the columns and constants that fill them."""
