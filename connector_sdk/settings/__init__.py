"""Settings checked against the attrs classes that hold them: of files, of Python objects, of what plugins answer."""
