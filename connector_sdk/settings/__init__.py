"""Check settings against the attrs classes that hold them: from files, Python objects and the answers of plugins."""
