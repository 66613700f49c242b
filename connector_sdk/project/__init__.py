"""The project file: read, checked against the classes that hold it, turned into words, and found again in errors."""
