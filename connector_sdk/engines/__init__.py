"""Where models live and are compared: DuckDB, embedded."""
