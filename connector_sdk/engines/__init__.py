"""Read models and compare them with snapshots, in embedded DuckDB."""
